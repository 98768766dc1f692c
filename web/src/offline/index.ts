// The page without its server, as a part that is fetched after the first rows.

import { keepPage, type KeptPage } from "./keep-page.ts";
import { createRowStore, type RowStore } from "./row-store.ts";

/** Keeps the page along with rows: neither is of use without the other. */
export function createOfflineStore(page: KeptPage): RowStore {
  const store = createRowStore(window.caches);
  return {
    ...store,
    async keep(url, rows) {
      await store.keep(url, rows);
      await keepPage(page);
    },
  };
}
