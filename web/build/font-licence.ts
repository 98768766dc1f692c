// Puts the licence of the page's font beside it, as the SIL Open Font License demands of each copy.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

export function fontLicence(licence: URL): Plugin {
  return {
    name: "font-licence",
    apply: "build",
    async generateBundle() {
      const source = await readFile(fileURLToPath(licence));
      const fileName = "assets/atkinson-hyperlegible-next-OFL.txt";
      this.emitFile({ type: "asset", fileName, source });
    },
  };
}
