// The page's icons, 24 units square, in the colour of the adjacent text. Text always says the same, so
// screen readers skip them.

const paths = {
  alert: "M12 4v10m0 5v.01",
  bag: "M7 8h10v12H7zM9.5 8V4h5v4M4 11v6m16-6v6",
  bar: "M5 12h14",
  bell: "M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zm4 5h4",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  check: "m5 13 4.5 4.5L19 7",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 4.5V12l3 2",
  cross: "m6 6 12 12M18 6 6 18",
  desk: "M4 8h16v4a2 2 0 0 0 0 4v2H4v-2a2 2 0 0 0 0-4zm10 0v10",
  door: "M6 21V3h9l3 2v16M3 21h18m-7-9v.01",
  down: "M12 5v14m-6-6 6 6 6-6",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 0c-5 5-5 13 0 18 5-5 5-13 0-18zM3 12h18",
  landing: "M3 20h18M4 6l1.5 5.5L18 15.5c2 .5 3-1.5 1.2-2.6L15 11 9 4 7.5 4l2.2 5.4-3.2-1L5.5 6z",
  lock: "M6 11h12v9H6zm2-.5V8a4 4 0 0 1 8 0v2.5",
  unlock: "M6 11h12v9H6zm2-.5V8a4 4 0 0 1 7.5-2",
  pen: "m4 20 1-5L16 4l4 4L9 19z",
  pause: "M8 5v14m8-14v14",
  play: "m8 5 11 7-11 7z",
  qr: "M4 4h6v6H4zm10 0h6v6h-6zM4 14h6v6H4zm10 0h2v2m4-2v6h-6v-2",
  question: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4m0 4v.01",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm5 12 5 5",
  share: "M12 15V3m-4 4 4-4 4 4M5 12v8h14v-8",
  square: "M6 6h12v12H6z",
  star: "m12 3 2.8 5.8 6.2.9-4.5 4.5 1 6.3-5.5-3-5.5 3 1-6.3L3 9.7l6.2-.9z",
  takeoff:
    "M3 20h18M3 11l3.5 4L19.5 9.2c1.9-.9 1.1-3.1-1-2.7L14 8 6.5 4 5 4.7l4.2 5.2-3 1.3L4.2 10z",
  turn: "M5 20v-8a4 4 0 0 1 4-4h10m-4-4 4 4-4 4",
  up: "M12 19V5m-6 6 6-6 6 6",
  walk: "M5 12h14m-6-6 6 6-6 6",
  wave: "M3 12h4l3-7 4 14 3-7h4",
} as const;

export type IconName = keyof typeof paths;

/** Mirrored where text runs from right to left. */
const DIRECTED: ReadonlySet<IconName> = new Set(["landing", "play", "takeoff", "turn", "walk"]);

export function Icon({ name }: { name: IconName }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
      data-directed={DIRECTED.has(name) ? "" : undefined}
    >
      <path d={paths[name]} />
    </svg>
  );
}
