// An HTTP proxy that injects faults: it holds, drops, changes, refuses and cuts, answers 502 while its server is down,
// switches to another server, and shows a server of another build.

import { once } from "node:events";
import { createServer, request } from "node:http";
import { atEnd } from "./at-end.mjs";
import { events } from "./event-stream.mjs";

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
  /** The build in pages and heartbeats, as after an upgrade, instead of the server's own. */
  build = undefined;
  /** Ends every new connection at once, as a host does whose network is lost. */
  isRefusing = false;

  #server;
  #target;
  #gates = { streams: OPEN, all: OPEN };
  #openGate = {};
  #eventToDrop;

  static async to(test, { url }) {
    const proxy = new FaultProxy(url);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    atEnd(test, () => {
      proxy.#server.close();
      proxy.cut();
    });
    proxy.url = `http://127.0.0.1:${proxy.#server.address().port}`;
    return proxy;
  }

  constructor(target) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) => this.#forward(incoming, outgoing));
    this.#server.on("connection", (socket) => this.isRefusing && socket.destroy());
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
    // The build cannot be replaced in a compressed page.
    if (this.build !== undefined) delete headers["accept-encoding"];
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
    const { "content-type": type, "content-encoding": encoding } = inbound.headers;
    if (type?.startsWith("text/") && encoding === undefined) inbound.setEncoding("utf8");
    if (type === "text/event-stream") await this.#passEvents(inbound, outgoing);
    else await this.#passBytes(inbound, outgoing);
    outgoing.end();
  }

  async #passEvents(inbound, outgoing) {
    this.streams += 1;
    for await (const event of events(inbound)) {
      await this.#gates.all;
      await this.#gates.streams;
      if (!this.#isDropped(event)) outgoing.write(this.#withBuild(this.change(event)));
    }
  }

  async #passBytes(inbound, outgoing) {
    for await (const part of inbound) {
      await this.#gates.all;
      outgoing.write(typeof part === "string" ? this.#withBuild(part) : part);
    }
  }

  #withBuild(text) {
    if (this.build === undefined) return text;
    return text.replace(/(name="build" content=|"build":)"[0-9a-f]{12}"/, `$1"${this.build}"`);
  }

  #isDropped(event) {
    if (this.#eventToDrop === undefined || !event.includes(`event: ${this.#eventToDrop}\n`))
      return false;
    this.#eventToDrop = undefined;
    this.dropped += 1;
    return true;
  }
}
