// @vitest-environment jsdom
import { render, screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import { ErrorBoundary } from "./ErrorBoundary.tsx";
import { crashTexts } from "./language/crash.ts";
import { languageTags, loadedLanguage } from "./language/languages.ts";

function Broken(): never {
  throw new Error("broken on purpose");
}

test.each(languageTags)("a crash is told in %s", (tag) => {
  const crashes: unknown[] = [];
  const { unmount } = render(
    <ErrorBoundary tagOf={() => tag} onCrash={(error) => crashes.push(error)}>
      <Broken />
    </ErrorBoundary>,
  );
  const { title, text } = crashTexts[tag];
  expect(screen.getByRole("alert").textContent).toBe(title + text);
  expect(screen.getByRole("main").lang).toBe(tag);
  expect(crashes).toHaveLength(1);
  unmount();
});

test("the texts of a crash are always there", () => {
  expect(languageTags.filter((tag) => loadedLanguage(tag) !== undefined)).toEqual(["en"]);
  const texts = languageTags.flatMap((tag) => Object.values(crashTexts[tag]));
  expect(new Set(texts).size).toBe(2 * languageTags.length);
});
