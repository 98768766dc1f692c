// The entry point: renders the app with the real clock, random numbers and EventSource.

import { render } from "preact";
import { fetchPlaces, signIn, signOut } from "./api.ts";
import { App } from "./App.tsx";
import { buildOf, fetchBuild } from "./build.ts";
import { browserEnvironment, fetchRows, realClock } from "flightboard-client";
import type { Environment } from "./environment.ts";
import { eventSourceClass } from "./event-source.ts";
import { paintFirstScreen } from "./first-screen.ts";
import { firstPlaces, withFirstRows } from "./first-rows.ts";
import { lazyRowStore } from "./offline/lazy-store.ts";
import { PageUpdater } from "./page-updater.ts";
import { watchInput } from "./quiet.ts";
import { reloadAfterCrash } from "./crash-reload.ts";
import "./styles/fonts.css";
import "./styles/colours.css";
import "./styles/page.css";
import "./styles/rows.css";
import "./styles/marks.css";
import "./styles/narrow-rows.css";
import "./styles/sheet.css";
import "./styles/search.css";
import "./styles/finding.css";
import "./styles/first-screen.css";
import "./styles/contrast.css";
import "./styles/print.css";

await paintFirstScreen();
const EventSourceClass = await eventSourceClass();
const reload = () => window.location.reload();
const updater = new PageUpdater({
  clock: realClock,
  random: Math.random,
  build: buildOf(document),
  fetchBuild,
  isQuiet: watchInput(() => performance.now()),
  reload,
  storage: () => window.sessionStorage,
});
const times = { askedAt: performance.timeOrigin, now: realClock.now };
const environment: Environment = {
  ...browserEnvironment({ EventSource: EventSourceClass }),
  openStream: (url) => new EventSourceClass(url),
  fetchRows: withFirstRows(document, times, fetchRows),
  firstPlaces: firstPlaces(document),
  fetchPlaces,
  signIn,
  signOut,
  fetchBuild,
  reload,
  onBuild: (build) => updater.hear(build),
  keptRows: lazyRowStore(buildOf(document)),
  onCrash(error) {
    console.error(error);
    reloadAfterCrash({
      clock: realClock,
      isServerReachable: async () => (await fetchBuild()) !== undefined,
      reload,
      storage: () => window.sessionStorage,
    });
  },
};

const root = document.getElementById("page");
if (root) render(<App environment={environment} />, root);
