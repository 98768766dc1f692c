// The surroundings of the page, which tests replace.

import type { EventStream, StreamEnvironment } from "flightboard-client";
import type { Refusal } from "./api.ts";
import type { CitySource } from "./cities.ts";
import type { RowStore } from "./offline/row-store.ts";

export interface Environment
  extends StreamEnvironment, Pick<CitySource, "fetchPlaces" | "firstPlaces"> {
  /** Opens a stream of its own, which is not shared between tabs. */
  openStream(url: string): EventStream;
  /** Undefined if the server accepted the token. */
  signIn(token: string): Promise<Refusal | undefined>;
  signOut(): Promise<void>;
  /** The build of the page that the server has; undefined if it cannot be reached. */
  fetchBuild(): Promise<string | undefined>;
  reload(): void;
  /** Each heartbeat names the build of the page that the server has. */
  onBuild(build: string): void;
  /** The last rows of boards, where the browser can show the page without the server. */
  keptRows?: RowStore | undefined;
  /** The page cannot be shown any more. */
  onCrash(error: unknown): void;
}
