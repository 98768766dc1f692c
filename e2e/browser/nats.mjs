// A real NATS server with JetStream, that ends with the test: the one that FLIGHTBOARD_TEST_NATS_SERVER names,
// that of `e2e/nats-server.txt` where it was brought, or the system's.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { until } from "./wait.mjs";

const binary = process.env.FLIGHTBOARD_TEST_NATS_SERVER ?? "nats-server";

// Where Debian puts servers is not in everybody's path.
const path = [join(import.meta.dirname, "../../target/nats/bin"), process.env.PATH, "/usr/sbin"];

/** Starts one, and answers with its URL. */
export async function nats(test) {
  const folder = await mkdtemp(join(tmpdir(), "nats-"));
  const port = await freePort();
  const args = ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder];
  const env = { ...process.env, PATH: path.join(delimiter) };
  const child = spawn(binary, args, { env, stdio: "ignore" });
  const ended = once(child, "exit");
  test.after(async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true });
  });
  await until("the NATS server greets", () => greets(port));
  return `nats://127.0.0.1:${port}`;
}

async function freePort() {
  const held = createServer().listen(0, "127.0.0.1");
  await once(held, "listening");
  const { port } = held.address();
  held.close();
  await once(held, "close");
  return port;
}

function greets(port) {
  return new Promise((answer) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (bytes) => {
      answer(bytes.toString().startsWith("INFO "));
      socket.destroy();
    });
    socket.on("error", () => answer(false));
  });
}
