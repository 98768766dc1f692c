// Builds the service worker as one script, which has the stable name `sw.js`.

import { fileURLToPath } from "node:url";
import { build, type Plugin, type Rolldown } from "vite";

const ENTRY = fileURLToPath(new URL("../src/offline/worker.ts", import.meta.url));

export function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    async generateBundle() {
      const built = await build({
        configFile: false,
        logLevel: "warn",
        build: { write: false, rolldownOptions: { input: ENTRY, output: { format: "iife" } } },
      });
      const [script] = (built as Rolldown.RolldownOutput).output;
      this.emitFile({ type: "asset", fileName: "sw.js", source: script.code });
    },
  };
}
