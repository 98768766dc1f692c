import { expect, it } from "vitest";
import { lookOf } from "./states.ts";

it("knows a state in any letter case, and no other text", () => {
  expect(lookOf("Gate Open")).toEqual(lookOf("gate open"));
  expect(lookOf("landed")?.label).toBe("Landed");
  expect(lookOf("constructor")).toBeUndefined();
  expect(lookOf("holding over Drammen")).toBeUndefined();
});
