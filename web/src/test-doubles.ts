// The surroundings of the page under test.

import { FakeEnvironment } from "../packages/flightboard-client/src/test-doubles.ts";
import type { Environment } from "./environment.ts";

export * from "../packages/flightboard-client/src/test-doubles.ts";

export class FakePageEnvironment extends FakeEnvironment implements Environment {
  readonly builds: string[] = [];

  /** The token that the server accepts. */
  token = "right";
  readonly signIns: string[] = [];

  readonly signIn = async (token: string): Promise<string | undefined> => {
    this.signIns.push(token);
    if (token !== this.token) return "the token is not known here";
    this.status = "open";
    return undefined;
  };

  readonly signOut = async (): Promise<void> => void (this.status = "denied");

  readonly onBuild = (build: string): void => void this.builds.push(build);
}
