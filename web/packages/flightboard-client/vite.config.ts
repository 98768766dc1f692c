// Build of the package.

import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { minify } from "terser";
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

/** Members that never leave the package. No other member has their names. */
const PRIVATE_MEMBERS = [
  "answer|askNowAndThen|begin|beginStream|clock|dispose|environment|fetchBoard|fetchRows|forgetRows",
  "isProblem|isSilent|newestId|now|on(Confirmation|Cut|Event|Exhaustion|Head|LateHead)",
  "on(Loss|Open|Progress|Refusal|ServerBehind|Silence|State|Unreadable)|random|receive|receiveHeartbeat",
  "stopExpecting|ticks|unlessLate",
];

const minified: Plugin = {
  name: "minified",
  async generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      const { code = "" } = await minify(chunk.code, {
        module: true,
        ecma: 2022,
        compress: {
          passes: 4,
          sequences: false,
          keep_fargs: false,
          pure_getters: true,
          unsafe: true,
          unsafe_arrows: true,
          unsafe_methods: true,
        },
        mangle: { properties: { regex: new RegExp(`^(${PRIVATE_MEMBERS.join("|")})$`) } },
      });
      chunk.code = code;
    }
  },
};

export default defineConfig({
  plugins: [minified, licences],
  build: {
    target: "es2022",
    lib: { entry: ["src/index.ts", "src/react.ts"], formats: ["es"] },
    // Vite itself keeps the white space of libraries.
    minify: false,
    rolldownOptions: { external: ["react", "flightboard-client"], output: { minify: true } },
  },
});
