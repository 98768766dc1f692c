// The web app manifest and its icons. Its URLs are relative, so that the server's base path does not matter.

import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

const ICONS = [
  { file: "icon-192.png", sizes: "192x192", purpose: "any" },
  { file: "icon-512.png", sizes: "512x512", purpose: "any" },
  { file: "maskable-512.png", sizes: "512x512", purpose: "maskable" },
];

const TOUCH_ICON = "apple-touch-icon.png";

/** In the page's head. */
const PLACEHOLDER = "<!-- manifest -->";

export function manifest(): Plugin {
  return {
    name: "manifest",
    apply: "build",
    enforce: "post",
    async generateBundle(_, bundle) {
      const emit = (name: string, source: string | Uint8Array) =>
        this.getFileName(this.emitFile({ type: "asset", name, source }));
      const emitIcon = async (file: string) =>
        emit(file, await readFile(new URL(`../src/icons/${file}`, import.meta.url)));
      const icons = [];
      for (const { file, ...icon } of ICONS) {
        const src = `../${await emitIcon(file)}`;
        icons.push({ src, type: "image/png", ...icon });
      }
      const touchIcon = await emitIcon(TOUCH_ICON);
      const app = emit("app.webmanifest", JSON.stringify({ ...APP, icons }));
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("there is no page");
      page.source = String(page.source).replace(
        PLACEHOLDER,
        `<link rel="manifest" href="./${app}">\n    <link rel="apple-touch-icon" href="./${touchIcon}">`,
      );
    },
  };
}

/** The manifest is in the folder of assets. It is identified by its `start_url`. */
const APP = {
  name: "flightboard",
  short_name: "Flights",
  description: "An airport's live timetable",
  start_url: "../",
  scope: "../",
  display: "standalone",
  background_color: "#0a0e13",
  theme_color: "#0a0e13",
};
