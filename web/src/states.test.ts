import { expect, it } from "vitest";
import { styleOf } from "./states.ts";

it("matches known states in any case", () => {
  expect(styleOf("Gate Open")).toEqual(styleOf("gate open"));
  expect(styleOf("landed")?.label).toBe("Landed");
  expect(styleOf("constructor")).toBeUndefined();
  expect(styleOf("holding over Drammen")).toBeUndefined();
});
