import { expect, test } from "vitest";
import { boardOf } from "./route.ts";

test.each([
  ["/", "main"],
  ["/boards/jfk", "jfk"],
  ["/boards/jfk/", "jfk"],
  ["/boards/hall%20b", "hall b"],
  ["/boards/%zz", "%zz"],
  ["/boards/", "main"],
])("%s is the board %s", (path, board) => {
  expect(boardOf(path)).toBe(board);
});
