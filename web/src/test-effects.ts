// Runs before each test file: effects run right after a rendering. Preact's own timers would outlive the document of
// a test.

import { options } from "preact";

declare module "preact" {
  interface Options {
    requestAnimationFrame?(run: () => void): void;
  }
}

options.requestAnimationFrame = (run) => queueMicrotask(run);
