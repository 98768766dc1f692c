// @vitest-environment jsdom
import { act, createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { useBoard, type BoardView } from "./react.ts";
import { arrivals, FakeEnvironment, rome } from "./test-doubles.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let world: FakeEnvironment;
let root: Root;
let view: BoardView;

function Screen({ url }: { url: string }) {
  view = useBoard(url, { environment: world });
  return null;
}

async function show(url: string) {
  await act(async () => root.render(createElement(Screen, { url })));
}

beforeEach(async () => {
  world = new FakeEnvironment();
  root = createRoot(document.createElement("div"));
  await show("/boards/main");
});

afterEach(() => act(async () => root.unmount()));

async function arrive() {
  await act(async () => {
    world.stream.opens();
    world.stream.sends("timetable", { board: arrivals, flights: [rome] }, "aa-1");
  });
}

test("renders the rows and the status", async () => {
  expect([view.rows, view.board, view.status]).toEqual([[], null, { status: "connecting" }]);
  await arrive();
  expect([view.rows, view.board, view.status]).toEqual([[rome], arrivals, { status: "live" }]);
});

test("stops and resumes", async () => {
  await arrive();
  await act(async () => view.follower?.stop());
  expect(view.status.status).toBe("stopped");
  await act(async () => view.follower?.resume());
  expect(world.stream.url).toBe("/boards/main/events?lastEventId=aa-1");
});

test("another URL is another board", async () => {
  await arrive();
  await show("/boards/hall");
  expect([view.rows, view.status.status]).toEqual([[], "connecting"]);
  expect(world.streams.map(({ url, readyState }) => [url, readyState])).toEqual([
    ["/boards/main/events", 2],
    ["/boards/hall/events", 0],
  ]);
});

test("a component that leaves follows nothing", async () => {
  await act(async () => root.render(null));
  expect(world.stream.readyState).toBe(2);
});
