// better-sse with a channel, as in its documentation. A POST sends its body to all followers; nothing is stored.
import { createServer } from "node:http";
import { createChannel, createSession } from "better-sse";

const BACKLOG = 4096;

const channel = createChannel();

const server = createServer(async (request, response) => {
  if (request.method === "GET") {
    channel.register(await createSession(request, response));
    return;
  }
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  channel.broadcast(JSON.parse(text), "flightStateUpdate");
  response.writeHead(202).end();
});

server.listen({ host: "127.0.0.1", port: 0, backlog: BACKLOG }, () => {
  console.log(`better-sse is at http://127.0.0.1:${server.address().port}`);
});
