// The script of axe-core, which tests run in a page.

import { readFile } from "node:fs/promises";

export const axe = await readFile(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");
