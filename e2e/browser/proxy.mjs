// What may stand between a page and the server: a proxy that holds back, swallows, cuts, answers 502 while
// the server behind it is down, and comes to stand before another one.

import { once } from "node:events";
import { createServer, request } from "node:http";

const passes = Promise.resolve();

export class Proxy {
  /** How many events were swallowed. */
  swallowed = 0;

  #server;
  #target;
  #gates = { streams: passes, all: passes };
  #open = {};
  #swallows;

  static async to(test, { url }) {
    const proxy = new Proxy(url);
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
    this.#server = createServer((question, answer) => this.#pass(question, answer));
  }

  /** Holds back the events of all streams, or all bytes of all answers, until they are let go. */
  hold(what) {
    this.#gates[what] = new Promise((open) => (this.#open[what] = open));
  }

  /** Lets go in order, what was held back first. */
  letGo(what) {
    this.#gates[what] = passes;
    this.#open[what]();
  }

  /** What was held back never comes, and what comes from now on passes. */
  lose(what) {
    this.#gates[what] = passes;
  }

  /** Swallows one event of this name, and lets all others through. */
  swallowNext(name) {
    this.#swallows = name;
  }

  /** From now on it stands before another server, and whoever is there comes back to that. */
  switchTo({ url }) {
    this.#target = url;
    this.cut();
  }

  cut() {
    this.#server.closeAllConnections();
  }

  #pass(question, answer) {
    const { method, url, headers } = question;
    const inner = request(this.#target + url, {
      method,
      headers,
      agent: false,
    });
    inner.on("response", (found) => this.#answer(found, answer).catch(() => answer.destroy()));
    inner.on("error", () => {
      if (!answer.headersSent) answer.writeHead(502);
      answer.end();
    });
    answer.on("close", () => inner.destroy());
    question.pipe(inner);
  }

  async #answer(found, answer) {
    await this.#gates.all;
    answer.writeHead(found.statusCode, found.headers).flushHeaders();
    const isStream = found.headers["content-type"] === "text/event-stream";
    for await (const bytes of isStream ? events(found) : found) {
      await this.#gates.all;
      if (isStream) await this.#gates.streams;
      if (isStream && this.#isSwallowed(bytes)) continue;
      answer.write(bytes);
    }
    answer.end();
  }

  #isSwallowed(event) {
    if (this.#swallows === undefined || !event.includes(`event: ${this.#swallows}\n`)) return false;
    this.#swallows = undefined;
    this.swallowed += 1;
    return true;
  }
}

/** The text of a stream, an event at a time. */
async function* events(found) {
  let rest = "";
  for await (const text of found.setEncoding("utf8")) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield `${block}\n\n`;
  }
}
