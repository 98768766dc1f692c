// A real NATS server with JetStream that ends with the test: the one named by FLIGHTBOARD_TEST_NATS_SERVER, that
// of `e2e/nats-server.txt` if it is installed, or one from the PATH.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { waitUntil } from "./wait.mjs";

const binary = process.env.FLIGHTBOARD_TEST_NATS_SERVER ?? "nats-server";

// Debian installs servers in /usr/sbin, which is not in the PATH of every user.
const path = [join(import.meta.dirname, "../../target/nats/bin"), process.env.PATH, "/usr/sbin"];

/** Starts one, and answers with its URL. */
export async function startNats(test) {
  const folder = await mkdtemp(join(tmpdir(), "nats-"));
  const port = await freePort();
  const args = ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", folder];
  const env = { ...process.env, PATH: path.join(delimiter) };
  const child = spawn(binary, args, { env, stdio: "ignore" });
  const exited = once(child, "exit");
  test.after(async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true });
  });
  await waitUntil("the NATS server is ready", () => sendsInfo(port));
  return `nats://127.0.0.1:${port}`;
}

async function freePort() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

function sendsInfo(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("data", (bytes) => {
      resolve(bytes.toString().startsWith("INFO "));
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
  });
}
