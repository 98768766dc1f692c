// Where the page begins: real time, real chance, the real stream.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { askBoard } from "./api.ts";
import { App } from "./App.tsx";
import { realClock } from "./clock.ts";
import type { Surroundings } from "./connection.ts";
import { eventSourceClass } from "./event-source.ts";
import "./styles/colours.css";
import "./styles/page.css";
import "./styles/timetable.css";

const StreamClass = await eventSourceClass();
const surroundings: Surroundings = {
  open: (url) => new StreamClass(url),
  askBoard,
  clock: realClock,
  random: Math.random,
};

const root = document.getElementById("page");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App surroundings={surroundings} />
    </StrictMode>,
  );
}
