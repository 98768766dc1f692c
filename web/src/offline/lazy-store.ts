// The store of rows, whose code is fetched when it is used.

import { urlOf } from "../route.ts";
import type { RowStore } from "./row-store.ts";

/** Undefined where the browser cannot show the page without the server: over plain HTTP, and in development. */
export function lazyRowStore(build: string | undefined): RowStore | undefined {
  if (build === undefined || !("serviceWorker" in navigator) || !("caches" in window))
    return undefined;
  const root = window.location.origin + urlOf("");
  let store: Promise<RowStore> | undefined;
  const load = () => {
    store ??= import("./index.ts").then(({ createOfflineStore }) =>
      createOfflineStore({ build, root }),
    );
    // Without the server there may be no such part, but later there is.
    store.catch(() => (store = undefined));
    return store;
  };
  return {
    keep: async (url, rows) => (await load()).keep(url, rows),
    read: async (url) => (await load()).read(url),
    forget: async (url) => (await load()).forget(url),
  };
}
