// @vitest-environment jsdom
import { afterEach, expect, test } from "vitest";
import { boardOf, boardPath, goToBoard, urlOf } from "./route.ts";

afterEach(() => {
  document.head.innerHTML = "";
  window.history.replaceState(null, "", "/");
});

test.each([
  ["/", "main"],
  ["/boards/jfk", "jfk"],
  ["/boards/jfk/", "jfk"],
  ["/boards/JFK", "jfk"],
  ["/Boards/Jfk", "jfk"],
  ["/boards/hall%20b", "hall b"],
  ["/boards/%zz", "%zz"],
  ["/boards/", "main"],
])("%s is the board %s", (path, board) => {
  expect(boardOf(path)).toBe(board);
});

test.each([
  ["/", "", "main"],
  ["/board/", "/board", "main"],
  ["/boards/main/", "/boards/main", "main"],
])("below %s all URLs start with %j", (href, root, board) => {
  document.head.innerHTML = `<base href="${href}">`;
  expect(urlOf("/boards")).toBe(`${root}/boards`);
  expect(boardOf(href)).toBe(board);
  expect(boardOf(`${root}/boards/jfk`)).toBe("jfk");
  goToBoard("hall b");
  expect(window.location.pathname).toBe(root + boardPath("hall b"));
});
