// Build of the package.

import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** npm packs no files from outside of the package. */
const licences: Plugin = {
  name: "licences",
  async writeBundle({ dir }) {
    for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) {
      await copyFile(root + name, `${dir}/${name}`);
    }
  },
};

export default defineConfig({
  plugins: [licences],
  build: {
    target: "es2022",
    lib: { entry: ["src/index.ts", "src/react.ts"], formats: ["es"] },
    rolldownOptions: {
      external: ["react", "flightboard-client"],
      // Vite itself keeps the white space of libraries.
      output: { minify: true },
    },
  },
});
