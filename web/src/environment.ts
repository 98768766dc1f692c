// The surroundings of the page, which tests replace.

import type { StreamEnvironment } from "flightboard-client";
import type { CitySource } from "./cities.ts";

export interface Environment extends StreamEnvironment, Pick<CitySource, "fetchPlaces"> {
  /** Returns why the server did not accept the token, if it did not. */
  signIn(token: string): Promise<string | undefined>;
  signOut(): Promise<void>;
  /** Each heartbeat names the build of the page that the server has. */
  onBuild(build: string): void;
  /** The page cannot be shown any more. */
  onCrash(error: unknown): void;
}
