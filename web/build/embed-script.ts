// Builds the script of `<flight-board>` apart from the page, so that the page's own script stays one file, and writes the
// small `embed.js` that loads it. That name is stable; the script's has a hash.

import { fileURLToPath } from "node:url";
import { build, type CSSOptions, type Plugin, type Rolldown } from "vite";

const ENTRY = fileURLToPath(new URL("../src/embed/index.ts", import.meta.url));

export function embedScript(): Plugin {
  return {
    name: "embed-script",
    apply: "build",
    async generateBundle(_, bundle) {
      const { output } = await buildEntry();
      // The fonts are the same files.
      for (const file of output.filter(({ fileName }) => !(fileName in bundle))) {
        const source = file.type === "chunk" ? file.code : file.source;
        this.emitFile({ type: "asset", fileName: file.fileName, source });
      }
      const entry = output.find((file) => file.type === "chunk" && file.isEntry)!;
      this.emitFile({ type: "asset", fileName: "embed.js", source: loaderOf(entry.fileName) });
    },
  };
}

async function buildEntry(): Promise<Rolldown.RolldownOutput> {
  const built = await build({
    configFile: false,
    base: "./",
    logLevel: "warn",
    resolve: { tsconfigPaths: true },
    css: { postcss: { plugins: [elementStyles] } },
    build: {
      write: false,
      assetsInlineLimit: 0,
      modulePreload: false,
      rolldownOptions: { input: { "flight-board": ENTRY } },
    },
  });
  return built as Rolldown.RolldownOutput;
}

type StylePlugin = NonNullable<Exclude<CSSOptions["postcss"], string | undefined>["plugins"]>[0];

/** The styles of a document as those of an element in it: `rem` and `:root` are of the page around. */
const elementStyles: StylePlugin = {
  postcssPlugin: "element-styles",
  Declaration(declaration) {
    declaration.value = declaration.value.replace(
      /(-?[\d.]+)rem\b/g,
      (_, count) => `calc(${count} * var(--unit))`,
    );
  },
  Rule(rule) {
    rule.selector = rule.selector.replaceAll(":root", ".embed");
  },
};

/**
 * Works as a classic script and as a module. A classic script of another origin has no base for relative URLs, and a module no
 * `currentScript`. After an upgrade of the server the script may have another name, which a new `embed.js` has.
 */
function loaderOf(entry: string): string {
  return `{
  const own = document.currentScript?.src;
  const load = (file) =>
    import(own ? new URL(file, own).href : file).catch(() =>
      setTimeout(() => load("./embed.js?" + Date.now()), 5000 + 5000 * Math.random()),
    );
  load("./${entry}");
}
`;
}
