// @vitest-environment jsdom
import { afterEach, expect, test } from "vitest";
import { boardPath, goToBoard, routeOf, urlOf } from "./route.ts";

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
  expect(routeOf(path)).toEqual({ page: "board", board });
});

test.each([
  ["/boards/JFK/wall", { page: "wall", board: "jfk" }],
  ["/Boards/hall%20b/Wall/", { page: "wall", board: "hall b" }],
  ["/boards/JFK/Punctuality", { page: "punctuality", board: "jfk" }],
  ["/boards/jfk/punctuality/2", { page: "unknown" }],
  ["/gates/B%2F4", { page: "gate", gate: "B/4" }],
  ["/belts/7", { page: "belt", belt: "7" }],
  ["/airports/hkg", { page: "airport", code: "HKG" }],
  ["/boards/JFK/flights/BA%20117", { page: "board", board: "jfk", flight: "BA 117" }],
  ["/boards/jfk/flights", { page: "unknown" }],
  ["/boards/jfk/walls", { page: "unknown" }],
  ["/boards/jfk/wall/2", { page: "unknown" }],
  ["/gates", { page: "unknown" }],
  ["/gates/4/wall", { page: "unknown" }],
  ["/hongkong", { page: "unknown" }],
])("%s is the page %j", (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

test.each([
  ["/", "", "main"],
  ["/board/", "/board", "main"],
  ["/boards/main/", "/boards/main", "main"],
])("below %s all URLs start with %j", (href, root, board) => {
  document.head.innerHTML = `<base href="${href}">`;
  expect(urlOf("/boards")).toBe(`${root}/boards`);
  expect(routeOf(href)).toEqual({ page: "board", board });
  expect(routeOf(`${root}/boards/jfk`)).toEqual({ page: "board", board: "jfk" });
  expect(routeOf(`${root}/gates/4`)).toEqual({ page: "gate", gate: "4" });
  goToBoard("hall b");
  expect(window.location.pathname).toBe(root + boardPath("hall b"));
});
