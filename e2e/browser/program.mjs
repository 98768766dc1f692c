// The program as a process of its own, that ends with the test, and its HTTP API.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "./wait.mjs";

const binary =
  process.env.FLIGHTBOARD_BIN ??
  fileURLToPath(new URL("../../target/debug/flightboard", import.meta.url));

/** `flightboard demo` on a port that is free. */
export function demo(test, ...more) {
  return Server.start(test, ["demo", "--listen", "127.0.0.1:0", ...more]);
}

/** `flightboard serve` on a port that is free, with a journal of its own. */
export async function serve(test, ...more) {
  const folder = await mkdtemp(join(tmpdir(), "flightboard-"));
  const journal = join(folder, "journal.db");
  const args = ["--journal", journal, ...more];
  const server = await Server.start(test, ["serve", "--listen", "127.0.0.1:0", ...args]);
  server.journal = journal;
  let last = server;
  server.again = async () => {
    last = await Server.start(test, ["serve", "--listen", `127.0.0.1:${server.port}`, ...args]);
    return last;
  };
  test.after(async () => {
    // It may still be writing.
    await last.kill();
    await rm(folder, { recursive: true });
  });
  return server;
}

/** `flightboard serve` on a port that is free, as one of those that have a journal in NATS. */
export async function serveOn(test, nats, ...more) {
  const server = await Server.start(test, [
    ...["serve", "--listen", "127.0.0.1:0", "--nats", nats],
    ...more,
  ]);
  await until("it is ready", () => server.isReady());
  return server;
}

/** A process with no settings but those that a test gives it. */
function run(args, stdout) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("FLIGHTBOARD_"));
  const env = Object.fromEntries(own);
  return spawn(binary, args, { env, stdio: ["ignore", stdout, "inherit"] });
}

class Server {
  #process;
  #ended;

  constructor(process, ended, address) {
    this.#process = process;
    this.#ended = ended;
    this.url = `http://${address}`;
    this.port = Number(address.split(":")[1]);
  }

  static async start(test, args) {
    assert.ok(existsSync(binary), `${binary} is not there: run \`cargo build\` first`);
    const child = run(args, "pipe");
    const ended = once(child, "exit");
    test.after(() => {
      child.kill("SIGKILL");
      return ended;
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const address = /^flightboard is at http:\/\/(\S+)$/.exec(line)?.[1];
      if (address) return new Server(child, ended, address);
    }
    throw new Error(`flightboard ${args.join(" ")} ended before it was there`);
  }

  /** Ends it as a power cut would. `serve` gives it a way to start again at the same place. */
  async kill() {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  /** Plays a feed into board `main`, to its end. */
  async feed(...args) {
    const [code] = await once(
      run(["feed", ...args, "--to", this.url, "--board", "main"], "inherit"),
      "exit",
    );
    assert.equal(code, 0);
  }

  async isReady() {
    return (await fetch(`${this.url}/readyz`)).ok;
  }

  async rows(board = "main") {
    const { flights } = await this.#ask("GET", `/boards/${board}/flights`);
    return flights;
  }

  async followers(board = "main") {
    const { boards } = await this.#ask("GET", "/boards");
    return boards.find(({ name }) => name === board).followers;
  }

  put(flight, row) {
    return this.#ask("PUT", `/boards/main/flights/${flight}`, row);
  }

  patch(flight, changes) {
    return this.#ask("PATCH", `/boards/main/flights/${flight}`, changes);
  }

  remove(flight) {
    return this.#ask("DELETE", `/boards/main/flights/${flight}`);
  }

  async #ask(method, path, body) {
    const headers = {
      Accept: "application/json",
      "Content-Type": "application/json",
    };
    const answer = await fetch(this.url + path, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.status === 204 ? undefined : answer.json();
  }
}
