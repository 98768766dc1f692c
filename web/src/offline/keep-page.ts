// Keeps the page itself for the service worker, in one cache for each build.

const PREFIX = "flightboard-page-";

/** The others are for the installation of the page. */
const SHOWN_LINKS = "link:not([rel=manifest], [rel=apple-touch-icon])";

export interface KeptPage {
  readonly build: string;
  /** The URL of the server, without a slash at the end. */
  readonly root: string;
}

let hasWorker = false;

/** Adds the files that the page has used by now, and forgets those of other builds. */
export async function keepPage({ build, root }: KeptPage): Promise<void> {
  const name = PREFIX + build;
  const cache = await caches.open(name);
  const have = new Set((await cache.keys()).map(({ url }) => url));
  await cache.addAll(usedFiles(`${root}/assets/`).filter((url) => !have.has(url)));
  const page = `${root}/offline`;
  // The last one: without its files it would show nothing.
  if (!have.has(page) && !(await addPage(cache, page, build))) return;
  for (const other of await caches.keys()) {
    if (other.startsWith(PREFIX) && other !== name) await caches.delete(other);
  }
  if (hasWorker) return;
  const options = { scope: `${root}/`, updateViaCache: "none" } as const;
  await navigator.serviceWorker.register(`${root}/sw.js`, options);
  hasWorker = true;
}

/** False if the server has another build by now. */
async function addPage(cache: Cache, url: string, build: string): Promise<boolean> {
  const response = await fetch(url, { cache: "no-cache" });
  if (!(await response.clone().text()).includes(`content="${build}"`)) return false;
  await cache.put(url, response);
  return true;
}

/**
 * The list of the browser has an end, so the document's own files are named by the document. The server may have put
 * the styles into it: the kept page loads their file.
 */
function usedFiles(folder: string): string[] {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const links = [...document.querySelectorAll<HTMLLinkElement>(SHOWN_LINKS)].map(
    ({ href }) => href,
  );
  const scripts = [...document.scripts].map(({ src }) => src);
  const styles = [...document.querySelectorAll<HTMLStyleElement>("style[data-file]")].map(
    ({ dataset, baseURI }) => new URL(dataset.file ?? "", baseURI).href,
  );
  return [...new Set([...loaded, ...links, ...scripts, ...styles])].filter((url) =>
    url.startsWith(folder),
  );
}
