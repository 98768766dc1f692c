// The texts of the desk in the language of the page.

import { en } from "./en.ts";
import type { DeskLanguage } from "./language.ts";

const loaders: Readonly<Record<string, () => Promise<DeskLanguage>>> = {};

/** `tag` is that of the page's language. In place of one that the desk lacks, it has English. */
export async function loadDeskLanguage(tag: string): Promise<DeskLanguage> {
  return (await loaders[tag]?.()) ?? en;
}
