// The program as a process that ends with the test, and a client of its HTTP API.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { atEnd } from "./at-end.mjs";
import { waitUntil } from "./wait.mjs";

/** Rows in one request to publish many: its size has a limit. */
const ROWS_PER_REQUEST = 5_000;

export const defaultBinary = fileURLToPath(
  new URL("../../target/debug/flightboard", import.meta.url),
);

function binary() {
  return process.env.FLIGHTBOARD_BIN ?? defaultBinary;
}

/** `flightboard demo` on a port that is free. */
export function startDemo(test, ...more) {
  return ServerProcess.start(test, ["demo", "--listen", "127.0.0.1:0", ...more]);
}

/** Starts `flightboard serve` on a free port, with a new journal. */
export async function startServer(test, ...more) {
  const folder = await mkdtemp(join(tmpdir(), "flightboard-"));
  const journal = join(folder, "journal.db");
  const args = ["--journal", journal, ...more];
  const server = await ServerProcess.start(test, ["serve", "--listen", "127.0.0.1:0", ...args]);
  server.journal = journal;
  let last = server;
  server.restart = async () => {
    last = await ServerProcess.start(test, [
      "serve",
      "--listen",
      `127.0.0.1:${server.port}`,
      ...args,
    ]);
    return last;
  };
  atEnd(test, async () => {
    // A running server may still write to the folder.
    await last.kill();
    await rm(folder, { recursive: true });
  });
  return server;
}

/** Starts `flightboard serve` on a free port, with its journal on NATS. */
export async function startReplica(test, nats, ...more) {
  const server = await ServerProcess.start(test, [
    ...["serve", "--listen", "127.0.0.1:0", "--nats", nats],
    ...more,
  ]);
  await waitUntil("the replica is ready", () => server.isReady());
  return server;
}

/** Runs the program without any settings from the environment of the test. */
function run(args, stdout) {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("FLIGHTBOARD_"));
  const env = Object.fromEntries(kept);
  return spawn(binary(), args, { env, stdio: ["ignore", stdout, "inherit"] });
}

class ServerProcess {
  #test;
  #process;
  #exited;
  /** Sent with the requests of the test, if it is set. */
  token;

  constructor(test, process, exited, url) {
    this.#test = test;
    this.#process = process;
    this.#exited = exited;
    this.url = url;
    this.port = Number(new URL(url).port);
  }

  static async start(test, args) {
    assert.ok(existsSync(binary()), `${binary()} does not exist: run \`cargo build\` first`);
    const child = run(args, "pipe");
    const exited = once(child, "exit");
    atEnd(test, () => {
      child.kill("SIGKILL");
      return exited;
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^flightboard is at (https?:\/\/\S+)$/.exec(line)?.[1];
      if (url) return new ServerProcess(test, child, exited, url);
    }
    throw new Error(`flightboard ${args.join(" ")} exited before it printed its address`);
  }

  /** Kills it as a power cut would. `startServer` adds a way to restart it on the same port and journal. */
  async kill() {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }

  /** Stops it as a service manager does. */
  async stop() {
    this.#process.kill("SIGTERM");
    await this.#exited;
  }

  /** Publishes a feed to board `main`, to its end. It goes on while the server is restarted. */
  async feed(...args) {
    const child = run(["feed", ...args, "--to", this.url, "--board", "main"], "inherit");
    atEnd(this.#test, () => child.kill("SIGKILL"));
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
  }

  async isReady() {
    return (await fetch(`${this.url}/readyz`)).ok;
  }

  async rows(board = "main") {
    const { flights } = await this.#request("GET", `/boards/${board}/flights`);
    return flights;
  }

  async followers(board = "main") {
    const { boards } = await this.#request("GET", "/boards");
    return boards.find(({ name }) => name === board).followers;
  }

  configure(settings, board = "main") {
    return this.#request("PUT", `/boards/${board}`, settings);
  }

  close(board, reason) {
    return this.#request("DELETE", `/boards/${board}?reason=${encodeURIComponent(reason)}`);
  }

  putBoard(settings) {
    return this.#request("PUT", "/boards/main", settings);
  }

  closeBoard() {
    return this.#request("DELETE", "/boards/main");
  }

  put(flight, row) {
    return this.#request("PUT", `/boards/main/flights/${flight}`, row);
  }

  /** Adds many rows. */
  async add(rows, board = "main") {
    for (let start = 0; start < rows.length; start += ROWS_PER_REQUEST) {
      const some = rows.slice(start, start + ROWS_PER_REQUEST);
      await this.#publish(board, "flightAddition", some);
    }
  }

  /** Sets the source of the rows, or clears it by null. */
  setSource(source, board = "main") {
    return this.#publish(board, "sourceUpdate", [source]);
  }

  patch(flight, changes) {
    return this.#request("PATCH", `/boards/main/flights/${flight}`, changes);
  }

  remove(flight) {
    return this.#request("DELETE", `/boards/main/flights/${flight}`);
  }

  async #publish(board, event, updates) {
    const lines = updates.map((data) => JSON.stringify({ event, data }));
    const response = await fetch(`${this.url}/boards/${board}/flights`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: lines.join("\n"),
    });
    assert.ok(response.ok, `POST: ${response.status}`);
    const outcomes = (await response.text()).trim().split("\n");
    assert.equal(outcomes.filter((line) => line.includes('"title"')).length, 0, outcomes[0]);
  }

  async #request(method, path, body) {
    const headers = {
      Accept: "application/json",
      "Content-Type": "application/json",
      ...(this.token && { Authorization: `Bearer ${this.token}` }),
    };
    const response = await fetch(this.url + path, {
      method,
      headers,
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  }
}
