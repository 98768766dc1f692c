// Compares a wall with its server, again and again.

import { isDeepStrictEqual } from "node:util";
import { waitUntil } from "./wait.mjs";
import { rowTexts, wallPages } from "./wall-model.mjs";

const MINUTE = 60_000;
const DAY_MINUTES = 24 * 60;
const SAMPLE_INTERVAL_MILLIS = 200;

export class WallWatch {
  /** The numbers of samples in which the wall was live or in doubt, and of those without a wall. */
  samples = { live: 0, doubt: 0, absent: 0 };
  /** The number of rows in all live samples. */
  rows = 0;
  /** Samples of a live wall that show no version of the board, or an older one than before. */
  wrong = [];
  /** The longest time for which a live wall has shown a version that was not the newest any more, in milliseconds. */
  longestLag = { usual: 0, silent: 0 };
  /** The longest time for which the clock of a live wall was behind that of the day, in milliseconds of real time. */
  longestClockLag = { usual: 0, silent: 0 };
  /** "silent" while the network loses all bytes, which the page can only notice by their absence. */
  network = "usual";
  /** The number of the newest version that the wall has certainly reached. */
  #reached = 0;
  /** The newest version that the last live sample may show. */
  #shown = -1;
  #isStopped = false;

  constructor({ screen, history, head, clock, layout }) {
    Object.assign(this, { screen, history, head, clock, layout });
  }

  /** Takes samples until `stop`. */
  async run() {
    while (!this.#isStopped) {
      const at = Date.now();
      const sample = await this.screen.sample();
      await this.#judge(sample, at);
      const rest = SAMPLE_INTERVAL_MILLIS - (Date.now() - at);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)));
    }
  }

  stop() {
    this.#isStopped = true;
  }

  /** Waits until the wall is live and shows the newest version of this moment, or a later one. */
  async seesNewest(subject) {
    const newest = this.history.newestNumber();
    this.#shown = -1;
    await waitUntil(subject, () => this.#shown >= newest);
  }

  async #judge(sample, at) {
    if (sample === undefined) return void (this.samples.absent += 1);
    if (!sample.isLive) return void (this.samples.doubt += 1);
    this.samples.live += 1;
    this.rows += sample.rows.length;
    let first = this.#firstMatch(sample);
    if (first === undefined) {
      // The wall may have an event that the history has not taken yet.
      await this.#catchUp();
      first = this.#firstMatch(sample);
    }
    if (first === undefined) return this.#reject(sample, at);
    this.#reached = first;
    this.#shown = this.#lastMatch(sample);
    const next = this.history.since(this.#shown + 1)[0];
    const lag = next === undefined ? 0 : at - next.came;
    const clockLag = (this.clock.now() - this.#instantOf(sample.clock)) / this.clock.speed;
    const { network, longestLag, longestClockLag } = this;
    longestLag[network] = Math.max(longestLag[network], lag);
    longestClockLag[network] = Math.max(longestClockLag[network], clockLag);
  }

  /** Waits until the history has the server's newest event of this moment. */
  async #catchUp() {
    const head = await waitUntil("the server answers", () => this.head().catch(() => undefined));
    const hasHead = () => this.history.since(this.#reached).some(({ id }) => id === head);
    await waitUntil("the history has the newest event", hasHead);
  }

  #firstMatch(sample) {
    const versions = this.history.since(this.#reached);
    const index = versions.findIndex((version) => this.#isShown(version, sample));
    return index === -1 ? undefined : this.#numberOf(versions, index);
  }

  #lastMatch(sample) {
    const versions = this.history.since(this.#reached);
    const index = versions.findLastIndex((version) => this.#isShown(version, sample));
    return this.#numberOf(versions, index);
  }

  #numberOf(versions, index) {
    return this.history.newestNumber() - (versions.length - 1) + index;
  }

  #isShown({ rows }, { clock, page, pages, rows: shown }) {
    const now = this.#instantOf(clock);
    const expected = wallPages(rows.values(), now, this.layout);
    // A single page has no dots.
    if (expected.length !== Math.max(pages, shown.length > 0 ? 1 : 0)) return false;
    const texts = (expected[page] ?? []).map((row) => rowTexts(row, now, this.clock.text));
    return isDeepStrictEqual(texts, shown);
  }

  /** The instant nearest to the day's time at which a clock at the board shows this text. */
  #instantOf(text) {
    const now = Math.floor(this.clock.now() / MINUTE);
    const minutes = (time) => time.split(":").reduce((hours, minutes) => hours * 60 + +minutes, 0);
    const difference = minutes(text) - minutes(this.clock.text(now * MINUTE));
    const half = DAY_MINUTES / 2;
    const nearest = ((difference + half + DAY_MINUTES) % DAY_MINUTES) - half;
    return (now + nearest) * MINUTE;
  }

  #reject({ clock, page, rows }, at) {
    const now = this.#instantOf(clock);
    const pages = wallPages(this.history.newest().rows.values(), now, this.layout);
    const expected = (pages[page] ?? []).map((row) => rowTexts(row, now, this.clock.text));
    const positions = Array.from({ length: Math.max(rows.length, expected.length) }, (_, at) => at);
    const different = positions
      .map((position) => ({ position, shown: rows[position], expected: expected[position] }))
      .filter(({ shown, expected }) => !isDeepStrictEqual(shown, expected));
    this.wrong.push({ at: new Date(at).toISOString(), clock, page, different });
  }
}
