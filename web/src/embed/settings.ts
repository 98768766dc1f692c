// The attributes of `<flight-board>`.

export const ATTRIBUTES = ["src", "rows", "columns", "search", "theme", "size", "lang"] as const;

export const THEMES = ["auto", "light", "dark"] as const;

export type Theme = (typeof THEMES)[number];

export interface BoardAddress {
  readonly url: string;
  /** Of the server, without a slash at the end. */
  readonly root: string;
  readonly name: string;
}

export interface EmbedSettings {
  /** Undefined if `src` is not the URL of a board. */
  readonly board: BoardAddress | undefined;
  /** How many rows are shown, from now on; undefined for all. */
  readonly rows: number | undefined;
  /** Undefined for those of the board. */
  readonly columns: readonly string[] | undefined;
  readonly hasSearch: boolean;
  readonly theme: Theme;
  /** Of the type: a length of CSS. */
  readonly size: string | undefined;
  /** Of the texts: the element's own, or that of the text around it. */
  readonly languageTag: string | undefined;
}

export function readSettings(element: Element): EmbedSettings {
  const columns = element
    .getAttribute("columns")
    ?.split(/[\s,]+/)
    .filter(Boolean);
  const rows = Number(element.getAttribute("rows"));
  const theme = element.getAttribute("theme")?.trim().toLowerCase();
  return {
    board: boardAddress(element.getAttribute("src")),
    rows: Number.isInteger(rows) && rows > 0 ? rows : undefined,
    columns: columns?.length ? columns : undefined,
    hasSearch: element.hasAttribute("search"),
    theme: THEMES.find((known) => known === theme) ?? "auto",
    size: element.getAttribute("size") ?? undefined,
    languageTag: element.closest("[lang]")?.getAttribute("lang") || undefined,
  };
}

/** `src` may be relative to the page. */
export function boardAddress(src: string | null): BoardAddress | undefined {
  if (!src) return undefined;
  try {
    const { protocol, origin, pathname } = new URL(src, document.baseURI);
    const [, base, name] = /^(.*)\/boards\/([^/]+)\/?$/i.exec(pathname) ?? [];
    if (base === undefined || name === undefined || !/^https?:$/.test(protocol)) return undefined;
    const root = origin + base;
    return { url: `${root}/boards/${name}`, root, name: decodeURIComponent(name).toLowerCase() };
  } catch {
    return undefined;
  }
}
