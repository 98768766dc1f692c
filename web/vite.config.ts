// Build, test and development server of the page.

import { fileURLToPath } from "node:url";
import type { ProxyOptions } from "vite";
import { defineConfig } from "vitest/config";
import { embedScript } from "./build/embed-script.ts";
import { fontLicence } from "./build/font-licence.ts";
import { manifest } from "./build/manifest.ts";
import { serviceWorker } from "./build/service-worker.ts";
import { sharedHead } from "./build/shared-head.ts";

const FONT = "@fontsource-variable/atkinson-hyperlegible-next";

const client = fileURLToPath(new URL("packages/flightboard-client", import.meta.url));
const flightboard = "http://127.0.0.1:5000";

/** `/boards/{board}` is the page to a browser and JSON to a program, as the server itself decides. */
const boards: ProxyOptions = {
  target: flightboard,
  bypass: (request) => (request.headers.accept?.includes("text/html") ? "/index.html" : undefined),
};

export default defineConfig({
  // Assets refer to each other by relative URLs; the server inserts its base path into those of index.html.
  base: "./",
  plugins: [
    sharedHead(),
    fontLicence(new URL(`node_modules/${FONT}/LICENSE`, import.meta.url)),
    embedScript(),
    serviceWorker(),
    manifest(),
  ],
  resolve: {
    // The page is built from the sources of the packages.
    tsconfigPaths: true,
  },
  server: {
    port: 3000,
    strictPort: true,
    proxy: { "/events": flightboard, "/boards": boards, "/places": flightboard },
  },
  build: {
    // The server's Content-Security-Policy allows nothing inline, so no asset may become a data: URL.
    assetsInlineLimit: 0,
    // The second one is for pages without a script, which the server fills.
    rolldownOptions: {
      input: ["index.html", "static.html"],
      // One file for all that the first rows need: a browser requests six files at a time.
      output: {
        codeSplitting: { groups: [{ name: "page", tags: ["$initial"], test: /\.m?[jt]sx?$/ }] },
      },
    },
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "page",
          include: ["{src,build}/**/*.test.{ts,tsx}"],
          setupFiles: ["src/test-titles.ts", "src/test-effects.ts"],
          testTimeout: 20_000,
        },
      },
      {
        // Its hook is for React itself.
        resolve: { alias: { "flightboard-client": `${client}/src/index.ts` } },
        test: {
          name: "client",
          include: ["packages/flightboard-client/src/**/*.test.ts"],
          setupFiles: ["src/test-titles.ts"],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
