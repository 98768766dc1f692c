import { keyOf, type Board, type Flight } from "flightboard-client";
import { beforeEach, expect, test } from "vitest";
import { RowOrder, type SortedRow } from "../rows/order.ts";
import { FollowedFlights, MAX_FOLLOWED } from "./followed-flights.ts";

const board: Board = { name: "hk", title: "Departures", kind: "departures" };
const MINUTE = 60_000;
const now = Date.parse("2026-01-15T12:18:00Z");
const boarding: Flight = {
  flight: "CX 623",
  date: "2026-01-15",
  departure: "2026-01-15T12:40:00Z",
  state: "boarding",
  gate: "27",
};

class FakeStorage {
  readonly items = new Map<string, string>();
  isDenied = false;

  #check(): void {
    if (this.isDenied) throw new Error("denied");
  }

  getItem(name: string): string | null {
    this.#check();
    return this.items.get(name) ?? null;
  }

  setItem(name: string, value: string): void {
    this.#check();
    this.items.set(name, value);
  }

  removeItem(name: string): void {
    this.#check();
    this.items.delete(name);
  }
}

let storage: FakeStorage;
beforeEach(() => {
  storage = new FakeStorage();
});

const open = (name = "hk") => new FollowedFlights(name, () => storage as unknown as Storage);

function rowOf(flight: Flight): SortedRow {
  return new RowOrder().of(new Map([[keyOf(flight), flight]]), board)[0]!;
}

function news(followed: FollowedFlights, flight: Flight, at = now): string[] {
  const row = rowOf(flight);
  return followed.update(new Map([[row.key, row]]), board, at).map(({ key }) => key);
}

test.each<[string, Partial<Flight>, boolean]>([
  ["a state", { state: "final call" }, true],
  ["another spelling of the state", { state: "Boarding" }, false],
  ["a gate", { gate: "28" }, true],
  ["15 minutes", { estimated: "2026-01-15T12:55:00Z" }, true],
  ["14 minutes", { estimated: "2026-01-15T12:54:00Z" }, false],
  ["a remark", { remark: "Please wait" }, false],
])("the change of %s", (_, change, isNews) => {
  const followed = open();
  followed.follow(rowOf(boarding), board, now);
  expect(news(followed, boarding)).toEqual([]);
  const changed = { ...boarding, ...change };
  expect(news(followed, changed)).toEqual(isNews ? [keyOf(boarding)] : []);
  expect(news(followed, changed), "once").toEqual([]);
  expect(news(open(), changed), "not after a reload").toEqual([]);
});

test("small delays add up", () => {
  const followed = open();
  followed.follow(rowOf(boarding), board, now);
  const late = (minutes: string) => ({ ...boarding, estimated: `2026-01-15T12:${minutes}:00Z` });
  expect(news(followed, late("50"))).toEqual([]);
  expect(news(followed, late("58"))).toHaveLength(1);
  expect(news(followed, late("59"))).toEqual([]);
});

test("another tab tells no change again", () => {
  const [one, other] = [open(), open()];
  one.follow(rowOf(boarding), board, now);
  other.refresh();
  expect(other.keys().size).toBe(1);
  const changed = { ...boarding, gate: "28" };
  expect(news(one, changed)).toHaveLength(1);
  expect(news(other, changed)).toEqual([]);
  one.unfollow(keyOf(boarding));
  other.refresh();
  expect(other.keys().size).toBe(0);
});

test("a flight that is over is forgotten", () => {
  const followed = open();
  followed.follow(rowOf(boarding), board, now);
  const departed = { ...boarding, state: "departed", actual: "2026-01-15T12:45:00Z" };
  expect(news(followed, departed)).toHaveLength(1);
  expect(followed.keys().size).toBe(1);
  news(followed, departed, Date.parse("2026-01-15T12:51:00Z"));
  expect(followed.keys().size).toBe(0);
  expect(storage.items.size).toBe(0);
});

test("a missing row stays followed for its time", () => {
  const followed = open();
  followed.follow(rowOf(boarding), board, now);
  expect(followed.update(new Map(), board, now + 60 * MINUTE)).toEqual([]);
  expect(followed.keys().size).toBe(1);
  followed.update(new Map(), board, now + 24 * 60 * MINUTE);
  expect(followed.keys().size).toBe(0);
});

test("each board has its own flights, within bounds", () => {
  const followed = open();
  for (let index = 0; index <= MAX_FOLLOWED; index += 1) {
    followed.follow(rowOf({ ...boarding, flight: `CX ${index}` }), board, now);
  }
  expect(followed.keys().size).toBe(MAX_FOLLOWED);
  expect(open().keys()).toEqual(followed.keys());
  expect(open("other").keys().size).toBe(0);
});

test("flights are followed without a storage", () => {
  storage.isDenied = true;
  const followed = open();
  followed.follow(rowOf(boarding), board, now);
  expect(followed.keys().size).toBe(1);
  expect(news(followed, { ...boarding, gate: "28" })).toHaveLength(1);
  expect(news(followed, { ...boarding, gate: "28" })).toEqual([]);
  followed.unfollow(keyOf(boarding));
  expect(followed.keys().size).toBe(0);
});

test.each(["no JSON", "{}", '[{"flight":1}]', '["CX 623"]'])("%s in the storage", (text) => {
  storage.items.set("hk", text);
  expect(open().keys().size).toBe(0);
});
