import { expect, test } from "vitest";
import type { Flight } from "flightboard-client";
import { conflictsOf, differences, patchOf, undoOf, withMade, type Edit } from "./change.ts";

const row: Flight = { flight: "BA117", date: "2026-11-22", gate: "B4", state: "boarding" };
const key = { flight: "BA117", date: "2026-11-22" };

const edit: Edit = {
  key,
  set: { gate: "B9", remark: undefined },
  seen: { gate: ["B4"], remark: [undefined] },
  hold: { gate: true },
};

test("a patch has what differs", () => {
  expect(patchOf(edit, row)).toEqual({ gate: "B9", held: ["gate"] });
  expect(patchOf(edit, { ...row, remark: "Strike" })).toMatchObject({ remark: null });
  expect(patchOf(edit, { ...row, gate: "B9", held: ["gate"] })).toBeUndefined();
});

test("other locks stay", () => {
  expect(patchOf(edit, { ...row, held: ["state"] })?.held).toEqual(["state", "gate"]);
  const release = { set: {}, hold: { state: false } };
  expect(patchOf(release, { ...row, held: ["state"] })).toEqual({ held: null });
});

test("another value is a conflict", () => {
  expect(conflictsOf(edit, { ...row, gate: "B7" })).toEqual([
    { field: "gate", mine: "B9", theirs: "B7" },
  ]);
  expect(conflictsOf(edit, { ...row, state: "final call" })).toEqual([]);
});

test("a value of this desk is no conflict", () => {
  const known = withMade(edit, { gate: "B7", state: "landed" });
  expect(conflictsOf(known, { ...row, gate: "B7" })).toEqual([]);
  expect(conflictsOf(known, { ...row, gate: "B8" })).toMatchObject([{ theirs: "B8" }]);
  expect(known.seen).toEqual({ gate: ["B4", "B7"], remark: [undefined] });
});

test("the same value is no conflict", () => {
  expect(conflictsOf(edit, { ...row, gate: "B9" })).toEqual([]);
  const time = {
    set: { estimated: "2026-11-22T20:45:00+01:00" },
    seen: { estimated: [undefined] },
  };
  expect(conflictsOf(time, { ...row, estimated: "2026-11-22T19:45:00Z" })).toEqual([]);
});

test("an undo restores values and locks", () => {
  expect(undoOf(edit, row)).toEqual({
    key,
    set: { gate: "B4" },
    seen: { gate: ["B9"] },
    hold: { gate: false },
  });
  const held = { ...row, held: ["gate"] };
  expect(undoOf(edit, held)?.hold).toEqual({});
});

test("an undo conflicts with a later change", () => {
  const undo = undoOf(edit, row)!;
  expect(conflictsOf(undo, { ...row, gate: "B9" })).toEqual([]);
  expect(conflictsOf(undo, { ...row, gate: "C1" })).toMatchObject([{ theirs: "C1" }]);
});

test("instants that the server adds are no difference", () => {
  const added: Flight = { flight: "I768", arrival: "10:10", state: "" };
  const { state: _state, ...stored } = added;
  expect(differences(added, { ...stored, arrivalInstant: "2026-11-22T09:10:00Z" })).toEqual([]);
  expect(differences(added, { ...added, gate: "B4" })).toEqual(["gate"]);
});
