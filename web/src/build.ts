// The build of a page, which the server puts into its document and into heartbeats.

/** The build in a document; undefined if it has none, as in development. */
export function buildOf(page: Document): string | undefined {
  return page.querySelector<HTMLMetaElement>('meta[name="build"]')?.content || undefined;
}

const RESPONSE_TIMEOUT_MILLIS = 5_000;

/** The build that a reload would show; undefined if it would not show the page of a server. */
export async function fetchBuild(): Promise<string | undefined> {
  try {
    const response = await fetch(window.location.href, {
      headers: { Accept: "text/html" },
      cache: "no-cache",
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MILLIS),
    });
    return buildOf(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    return undefined;
  }
}
