// Prints the rows of a board after each change, as one line of JSON:
// node follow.mjs http://127.0.0.1:5000/boards/main

import { EventSource } from "eventsource";

const rows = new Map();
let lastId = "";

const keyOf = ({ flight, date, leg }) => JSON.stringify([flight, date, leg]);
const add = (row) => rows.set(keyOf(row), row);

function patch(change) {
  const row = rows.get(keyOf(change));
  if (!row) throw new Error("an event is lost");
  const fields = Object.entries({ ...row, ...change });
  add(Object.fromEntries(fields.filter(([, value]) => value !== null)));
}

const listeners = {
  timetable: ({ flights }) => (rows.clear(), flights.forEach(add)),
  flightAddition: add,
  flightStateUpdate: patch,
  flightRemoval: (row) => rows.delete(keyOf(row)),
  boardUpdate: ({ flights = [] }) => flights.forEach(patch),
  closedConnection: () => process.exit(),
  heartbeat: () => {},
};

function connect() {
  const source = new EventSource(`${process.argv[2]}/events?lastEventId=${lastId}`);
  const reconnect = (reason) => {
    console.error("not live:", reason);
    source.close();
    clearTimeout(silence);
    setTimeout(connect, 1_000 + 4_000 * Math.random());
  };
  // The server sends an event at least every 15 seconds.
  let silence = setTimeout(reconnect, 35_000, "silence");
  for (const [name, listener] of Object.entries(listeners)) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      silence.refresh();
      try {
        listener(JSON.parse(data));
        lastId = lastEventId || lastId;
      } catch (error) {
        lastId = ""; // Ask for all rows.
        reconnect(error.message);
      }
      if (name !== "heartbeat") console.log(JSON.stringify([...rows.values()]));
    });
  }
  source.onerror = ({ code, message }) => {
    if (code === 204) process.exit(); // The board is closed.
    // On other statuses an EventSource gives up.
    if (source.readyState === EventSource.CLOSED) reconnect(message);
  };
}

connect();
