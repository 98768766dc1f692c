// The surroundings of the page under test.

import {
  FakeEnvironment,
  FakeEventStream,
} from "../packages/flightboard-client/src/test-doubles.ts";
import type { Refusal } from "./api.ts";
import type { Environment } from "./environment.ts";
import type { RowStore } from "./offline/row-store.ts";

export * from "../packages/flightboard-client/src/test-doubles.ts";

export class FakePageEnvironment extends FakeEnvironment implements Environment {
  readonly builds: string[] = [];
  keptRows?: RowStore;

  /** Streams of their own, such as those of the past. */
  readonly ownStreams: FakeEventStream[] = [];

  readonly openStream = (url: string): FakeEventStream => {
    const stream = new FakeEventStream(url);
    this.ownStreams.push(stream);
    return stream;
  };

  /** The names that the server has; it does not answer without. */
  places: ReadonlyMap<string, string> | undefined = new Map([
    ["BOS", "Boston"],
    ["LAX", "Los Angeles"],
  ]);
  readonly placeRequests: (readonly string[])[] = [];

  readonly fetchPlaces = async (codes: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    this.placeRequests.push(codes);
    const { places } = this;
    if (places === undefined) throw new Error("no answer");
    return new Map([...places].filter(([code]) => codes.includes(code)));
  };

  /** The token that the server accepts. */
  token = "right";
  readonly signIns: string[] = [];

  readonly signIn = async (token: string): Promise<Refusal | undefined> => {
    this.signIns.push(token);
    if (token !== this.token) return { detail: "the token is not known here" };
    this.status = "open";
    return undefined;
  };

  readonly signOut = async (): Promise<void> => void (this.status = "denied");

  /** The build of the server's page; undefined while it cannot be reached. */
  build: string | undefined = "aa";
  readonly fetchBuild = async (): Promise<string | undefined> => this.build;

  reloads = 0;
  readonly reload = (): void => void (this.reloads += 1);

  readonly crashes: unknown[] = [];

  readonly onCrash = (error: unknown): void => void this.crashes.push(error);

  readonly onBuild = (build: string): void => void this.builds.push(build);
}
