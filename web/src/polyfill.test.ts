// @vitest-environment jsdom
import { expect, test, vi } from "vitest";
import { createConnection } from "../packages/flightboard-client/src/connection.ts";
import { eventSourceClass } from "./event-source.ts";
import { arrivals, FakeEnvironment } from "./test-doubles.ts";

const stream = [
  "retry: 2717",
  "id: aa-7",
  "event: timetable",
  `data: ${JSON.stringify({ board: arrivals, flights: [] })}`,
  "",
  "id: aa-8",
  "event: ofALaterVersion",
  "data: {}",
  "",
  "event: heartbeat",
  'data: {"head":"aa-8"}',
  "",
  "",
].join("\n");

test("the polyfill counts unknown names", async () => {
  vi.stubGlobal("EventSource", undefined);
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(stream)),
  });
  const headers = { "Content-Type": "text/event-stream" };
  const urls: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    urls.push(url);
    return new Response(body, { headers });
  });
  const Polyfill = await eventSourceClass();
  const states: string[] = [];
  const environment = Object.assign(new FakeEnvironment(), {
    open: (url: string, lastId: string) => new Polyfill(`${url}/events?lastEventId=${lastId}`),
  });
  const connection = createConnection("/boards/main", environment, {
    onEvent: () => true,
    onState: ({ status }) => states.push(status),
    onHeartbeat: () => {},
  });
  connection.open();
  await vi.waitFor(() => expect(states).toEqual(["connecting", "live"]));
  connection.stop();
  connection.resume();
  await vi.waitFor(() => expect(urls.at(-1)).toContain("lastEventId=aa-8"));
  connection.dispose();
});
