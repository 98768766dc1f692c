// Asks by plain requests whether a board is open, closed, absent or denied, which an EventSource does not tell.

import { spread } from "./backoff.ts";
import type { BoardSummary, StreamEnvironment } from "./environment.ts";

/** The longest time between two questions whether a closed board is open again, or a denied one accessible. */
export const REOPEN_POLL_MILLIS = 30_000;

export class BoardInquiry {
  /** Incremented by `cancel`, so that late answers can be recognised. */
  #generation = 0;
  #cancelWait: (() => void) | undefined;

  constructor(
    private readonly url: string,
    private readonly environment: StreamEnvironment,
    private readonly onAnswer: (answer: BoardSummary) => void,
  ) {}

  async ask(): Promise<void> {
    const answer = await this.fetch();
    if (answer !== undefined) this.onAnswer(answer);
  }

  askAfter(waitMillis: number): void {
    this.cancel();
    this.#cancelWait = this.environment.clock.after(waitMillis, () => void this.ask());
  }

  /** Other screens ask at other moments. */
  askNowAndThen(): void {
    this.askAfter(spread(REOPEN_POLL_MILLIS, 0.5, this.environment.random()));
  }

  /** The answer, unless it has come too late to matter. */
  fetch(): Promise<BoardSummary | undefined> {
    return this.unlessLate(this.environment.fetchBoard(this.url));
  }

  /** The result of a request, or undefined after `cancel`. */
  async unlessLate<Result>(request: Promise<Result>): Promise<Result | undefined> {
    const generation = this.#generation;
    const result = await request;
    return generation === this.#generation ? result : undefined;
  }

  /** Answers to earlier questions no longer count. */
  cancel(): void {
    this.#generation += 1;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
  }
}
