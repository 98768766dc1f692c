// @vitest-environment jsdom
import { expect, test } from "vitest";
import { boardAddress, readSettings } from "./settings.ts";

function settingsOf(html: string) {
  document.body.innerHTML = html;
  return readSettings(document.querySelector("flight-board")!);
}

test.each([
  ["https://airport.example/boards/main", "https://airport.example", "main"],
  ["https://airport.example/boards/main/", "https://airport.example", "main"],
  ["https://airport.example/a/b/boards/Hall%20B?x=1#y", "https://airport.example/a/b", "hall b"],
  ["/base/boards/main", "http://localhost:3000/base", "main"],
  ["boards/main", "http://localhost:3000", "main"],
])("an address is parsed: %s", (src, root, name) => {
  const address = boardAddress(src)!;
  expect(address).toMatchObject({ root, name });
  expect(address.url).toBe(`${root}/boards/${src.includes("Hall") ? "Hall%20B" : name}`);
});

test.each([
  [null],
  [""],
  ["https://airport.example/"],
  ["https://airport.example/boards/"],
  ["https://airport.example/boards/main/wall"],
  ["https://airport.example/boards/%ff"],
  ["javascript:/boards/main"],
  ["https://"],
])("no board is at %s", (src) => {
  expect(boardAddress(src)).toBeUndefined();
});

test("attributes have defaults", () => {
  const settings = settingsOf('<flight-board src="/boards/main"></flight-board>');
  expect(settings).toMatchObject({ rows: undefined, columns: undefined, theme: "auto" });
  expect(settings.languageTag).toBeUndefined();
  expect(settings.hasSearch).toBe(false);
});

test("attributes are read", () => {
  const html =
    '<flight-board rows=" 5 " columns="time, flight" search theme="Dark" lang="de"></flight-board>';
  const settings = settingsOf(html);
  expect(settings).toMatchObject({ rows: 5, columns: ["time", "flight"], theme: "dark" });
  expect(settings.languageTag).toBe("de");
  expect(settings.hasSearch).toBe(true);
});

test.each(["0", "-1", "1.5", "many", ""])("all rows are shown for %j", (rows) => {
  expect(settingsOf(`<flight-board rows="${rows}"></flight-board>`).rows).toBeUndefined();
});

test("the text around gives its language", () => {
  const html = '<div lang="fr"><flight-board theme="pink"></flight-board></div>';
  expect(settingsOf(html)).toMatchObject({ languageTag: "fr", theme: "auto" });
});
