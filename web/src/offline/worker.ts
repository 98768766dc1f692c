// The service worker. While the server cannot be reached, it answers with the page that `keep-page.ts` has kept, which then
// shows its last rows as such. It asks the server first, so an old page never takes the place of a newer one, and it
// leaves all other requests alone: data and event streams are between the page and the server.

interface WorkerEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}

interface RequestEvent extends WorkerEvent {
  readonly request: Request;
  readonly clientId: string;
  readonly resultingClientId: string;
  respondWith(response: Promise<Response>): void;
}

/** TypeScript has the types of workers only in place of those of pages. */
interface WorkerScope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: WorkerEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: RequestEvent) => void): void;
}

const worker = self as unknown as WorkerScope;

/** Paths of pages with rows, below the scope. */
const PAGES = /^$|^(boards|gates|belts|airports)(\/|$)/i;

/** A server that is up answers sooner, even over a slow line. */
const ANSWER_TIMEOUT_MILLIS = 15_000;

/** Of a proxy while the server is away. */
const PROXY_STATUSES = [502, 503, 504];

/** The pages that this worker has answered with. Only their files come from here too. */
const kept = new Set<string>();

worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (event) => {
  const { request, clientId } = event;
  const { scope } = worker.registration;
  if (request.method !== "GET" || !request.url.startsWith(scope)) return;
  const [path = ""] = request.url.slice(scope.length).split(/[?#]/);
  if (request.mode === "navigate" && PAGES.test(path)) event.respondWith(pageOf(event));
  if (path.startsWith("assets/") && kept.has(clientId)) event.respondWith(fileOf(request));
});

async function pageOf(event: RequestEvent): Promise<Response> {
  const answer = fetch(event.request);
  const inTime = Promise.race([answer, timeout()]);
  const response = await inTime.catch(() => undefined);
  if (response !== undefined && !isOfProxy(response)) return response;
  const page = await caches.match(`${worker.registration.scope}offline`);
  if (page === undefined) return answer;
  kept.add(event.resultingClientId);
  return page;
}

async function fileOf(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

function timeout(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ANSWER_TIMEOUT_MILLIS, undefined));
}

/** The server itself says which pages may have its answers in a frame. */
function isOfProxy({ status, headers }: Response): boolean {
  const isOwn = headers.get("Content-Security-Policy")?.includes("frame-ancestors");
  return PROXY_STATUSES.includes(status) && !isOwn;
}
