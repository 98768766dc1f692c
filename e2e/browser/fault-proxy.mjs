// An HTTP proxy that injects faults: it holds, drops, changes and cuts, answers 502 while its server is down, and
// switches to another server.

import { once } from "node:events";
import { createServer, request } from "node:http";

const OPEN = Promise.resolve();

export class FaultProxy {
  /** The number of events dropped by `dropNext`. */
  dropped = 0;
  /** The number of streams that it has answered. */
  streams = 0;
  /** Changes the text of each event. */
  change = (event) => event;
  /** Answers every request with a page of its own and this status, as a captive portal does. */
  ownStatus = undefined;

  #server;
  #target;
  #gates = { streams: OPEN, all: OPEN };
  #openGate = {};
  #eventToDrop;

  static async to(test, { url }) {
    const proxy = new FaultProxy(url);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    test.after(() => {
      proxy.#server.close();
      proxy.cut();
    });
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  constructor(target) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) => this.#forward(incoming, outgoing));
  }

  /** Holds the events of all streams ("streams"), or all bytes of all responses ("all"), until released. */
  hold(scope) {
    this.#gates[scope] = new Promise((open) => (this.#openGate[scope] = open));
  }

  /** Forwards the held bytes in order, then all others. */
  release(scope) {
    this.#gates[scope] = OPEN;
    this.#openGate[scope]();
  }

  /** Never forwards the held bytes, and forwards all others. */
  discard(scope) {
    this.#gates[scope] = OPEN;
  }

  /** Drops one event of this name and forwards all others. */
  dropNext(name) {
    this.#eventToDrop = name;
  }

  /** Switches to another server and cuts all connections, so that clients reconnect there. */
  switchTo({ url }) {
    this.#target = url;
    this.cut();
  }

  cut() {
    this.#server.closeAllConnections();
  }

  #forward(incoming, outgoing) {
    const { method, url, headers } = incoming;
    if (this.ownStatus !== undefined) {
      outgoing.writeHead(this.ownStatus, { "Content-Type": "text/html" }).end("<h1>Sign in</h1>");
      return;
    }
    const upstream = request(this.#target + url, {
      method,
      headers,
      agent: false,
    });
    upstream.on("response", (inbound) =>
      this.#respond(inbound, outgoing).catch(() => outgoing.destroy()),
    );
    upstream.on("error", () => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end();
    });
    outgoing.on("close", () => upstream.destroy());
    incoming.pipe(upstream);
  }

  async #respond(inbound, outgoing) {
    await this.#gates.all;
    outgoing.writeHead(inbound.statusCode, inbound.headers).flushHeaders();
    const isStream = inbound.headers["content-type"] === "text/event-stream";
    if (isStream) this.streams += 1;
    for await (const bytes of isStream ? events(inbound) : inbound) {
      await this.#gates.all;
      if (isStream) await this.#gates.streams;
      if (isStream && this.#isDropped(bytes)) continue;
      outgoing.write(isStream ? this.change(bytes) : bytes);
    }
    outgoing.end();
  }

  #isDropped(event) {
    if (this.#eventToDrop === undefined || !event.includes(`event: ${this.#eventToDrop}\n`))
      return false;
    this.#eventToDrop = undefined;
    this.dropped += 1;
    return true;
  }
}

/** Splits the text of a stream into events. */
async function* events(inbound) {
  let rest = "";
  for await (const text of inbound.setEncoding("utf8")) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield `${block}\n\n`;
  }
}
