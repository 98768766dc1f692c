// The frame of all walls: sizes and colours of the whole document, a screen that stays on, and a picture that moves.

import type { Clock } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import type { Language } from "../language/language.ts";
import { setDocumentLanguage } from "../language/usePageLanguage.ts";
import { useMinute } from "../useNow.ts";
import type { Theme } from "./settings.ts";
import { shiftAt } from "./shift.ts";
import { keepAwake } from "./wake-lock.ts";
import "./wall.css";
import "./sign.css";
import "./airport.css";

interface Props {
  clock: Clock;
  rows: number;
  theme: Theme;
  language: Language;
  title: string;
  children: ComponentChildren;
}

export function WallFrame({ clock, rows, theme, language, title, children }: Props) {
  useDocument(rows, theme, language, title);
  useEffect(() => keepAwake(document, navigator.wakeLock), []);
  const { x, y } = shiftAt(useMinute(clock, 0));
  // The room is at the end of a line.
  const along = language.direction === "rtl" ? -x : x;
  return (
    <main class="walls" data-known="" style={{ transform: `translate(${along}px, ${y}px)` }}>
      {children}
    </main>
  );
}

/** All sizes follow from the height of a row, which is that of the root's type. */
function useDocument(rows: number, theme: Theme, language: Language, title: string): void {
  useLayoutEffect(() => {
    const { documentElement: root } = document;
    root.dataset.wall = "";
    return () => {
      delete root.dataset.wall;
      delete root.dataset.theme;
      root.style.removeProperty("--wall-rows");
    };
  }, []);
  useLayoutEffect(() => {
    const { documentElement: root } = document;
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    root.style.setProperty("--wall-rows", String(rows));
    setDocumentLanguage(language);
    document.title = `${title} · flightboard`;
  }, [rows, theme, language, title]);
}
