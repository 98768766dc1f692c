// The elements that the heads of the page and of pages without a script have in common.

import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

/** In the head of each document. */
const PLACEHOLDER = "<!-- shared head -->";

export function sharedHead(): Plugin {
  return {
    name: "shared-head",
    transformIndexHtml: {
      // Before the URLs of its elements are those of assets.
      order: "pre",
      async handler(html) {
        const head = await readFile(new URL("shared-head.html", import.meta.url), "utf8");
        if (!html.includes(PLACEHOLDER)) throw new Error(`there is no ${PLACEHOLDER}`);
        return html.replace(PLACEHOLDER, head.trim());
      },
    },
  };
}
