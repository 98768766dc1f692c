// Node's `http`, the usual way to write it. A POST sends its body to all followers; nothing is stored.
import { createServer } from "node:http";

const BACKLOG = 4096;

const followers = new Set();
let number = 0;

function follow(response) {
  response.writeHead(200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
  });
  response.write(":\n\n");
  followers.add(response);
  response.on("close", () => followers.delete(response));
}

function publish(text) {
  number += 1;
  const event = `id: ${number}\nevent: flightStateUpdate\ndata: ${text}\n\n`;
  for (const follower of followers) follower.write(event);
}

const server = createServer(async (request, response) => {
  if (request.method === "GET") return follow(response);
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  publish(text);
  response.writeHead(202).end();
});

server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () => {
  console.log(`Node is at http://127.0.0.1:${server.address().port}`);
});
