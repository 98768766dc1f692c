// The work of a desk: drafts, changes on their way, and their outcomes.

import { type Clock, type Flight, type FlightKey, keyOf } from "flightboard-client";
import { carryOut, type Change, type Result } from "./carry-out.ts";
import { withMade, type Conflict, type Edit, type HeldName } from "./change.ts";
import { dropField, newDraft, isEmpty, type Addition, type Draft } from "./drafts.ts";
import type { DeskLanguage } from "./language/language.ts";
import { Publisher, type NotMade } from "./publisher.ts";

/** The changes that can be undone. */
export const MAX_DONE = 50;
/** Time before a change of unknown outcome is repeated, once. */
export const REPEAT_MILLIS = 2_000;

export type Access =
  { kind: "unknown" | "allowed" } | { kind: "denied"; status: number; detail: string };

export type Tone = "made" | "notMade" | "unknown";

type Text = (texts: DeskLanguage) => string;

export interface Notice {
  readonly tone: Tone;
  readonly text: Text;
  /** The server's own words, in English. */
  readonly detail?: string;
  /** The later change that an undo would overwrite. */
  readonly later?: { readonly flight: FlightKey; readonly conflict: Conflict };
}

export interface Done {
  readonly id: number;
  readonly at: number;
  readonly flight: string;
  readonly text: Text;
  readonly undo: Change;
}

/** A change of which it is not known whether it was made. */
export interface UnknownChange {
  readonly id: number;
  readonly job: Job;
  readonly isRepeating: boolean;
  repeat(): Promise<Result>;
}

interface Job {
  readonly change: Change;
  readonly key: string;
  readonly flight: string;
  readonly text: Text;
  /** The row that the person saw. */
  readonly over?: Flight;
  /** The change that this one takes back. */
  readonly undoes?: Done;
}

export interface WorkState {
  readonly access: Access;
  readonly drafts: ReadonlyMap<string, Draft>;
  readonly addition: Addition | undefined;
  /** The rows whose changes are being published. */
  readonly busy: ReadonlySet<string>;
  readonly notice: Notice | undefined;
  readonly unknown: readonly UnknownChange[];
  /** The newest last. */
  readonly done: readonly Done[];
}

export class DeskWork {
  readonly publisher: Publisher;
  #state: WorkState = {
    access: { kind: "unknown" },
    drafts: new Map(),
    addition: undefined,
    busy: new Set(),
    notice: undefined,
    unknown: [],
    done: [],
  };
  #listeners = new Set<() => void>();
  /** By the key of the row. */
  #made = new Map<string, Edit["set"]>();
  #ids = 0;
  /** Of the last token that was typed. It says more than that a request has no token. */
  #refusal: Extract<Access, { kind: "denied" }> | undefined;

  constructor(
    board: string,
    private readonly clock: Clock,
  ) {
    this.publisher = new Publisher(board);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): WorkState => this.#state;

  /** Asks the server whether this page may publish, with the token if there is one. */
  async checkAccess(): Promise<void> {
    const answer = await this.publisher.probe();
    if (answer.kind === "access") {
      this.#set({ access: this.#refusal ?? { ...answer, kind: "denied" } });
    } else if (answer.kind === "allowed") {
      this.#set({ access: { kind: "allowed" } });
    }
  }

  async signIn(token: string): Promise<void> {
    this.#refusal = undefined;
    this.publisher.token = token;
    await this.checkAccess();
    const { access } = this.#state;
    if (access.kind !== "denied") return;
    this.publisher.token = undefined;
    this.#refusal = access;
  }

  draftOf(row: FlightKey): Draft | undefined {
    return this.#state.drafts.get(keyOf(row));
  }

  changeDraft(row: Flight, change: (draft: Draft) => Draft): void {
    const drafts = new Map(this.#state.drafts);
    const key = keyOf(row);
    const draft = change(drafts.get(key) ?? newDraft(row));
    if (isEmpty(draft)) drafts.delete(key);
    else drafts.set(key, draft);
    this.#set({ drafts });
  }

  dropDraft(key: string): void {
    const drafts = new Map(this.#state.drafts);
    drafts.delete(key);
    this.#set({ drafts });
  }

  changeAddition(addition: Addition | undefined): void {
    this.#set({ addition });
  }

  tell(tone: Tone, text: Text): void {
    this.#set({ notice: { tone, text } });
  }

  /** True if the row is as the edit wants it. `over` is the row that the person saw. */
  async publish(edit: Edit, text: Text, over: Flight): Promise<boolean> {
    const { flight } = edit.key;
    const key = keyOf(edit.key);
    const change: Change = { kind: "edit", edit: withMade(edit, this.madeOf(key)) };
    const result = await this.#run({ change, key, flight, text, over });
    return result.kind === "made" || result.kind === "unchanged";
  }

  /** True if the flight was added. */
  async add(row: Flight): Promise<boolean> {
    const result = await this.#run({
      change: { kind: "add", row },
      key: keyOf(row),
      flight: row.flight,
      text: (texts) => texts.addition,
    });
    return result.kind === "made";
  }

  async undo(done = this.#state.done.at(-1)): Promise<void> {
    if (done === undefined) return this.tell("notMade", (texts) => texts.nothingToUndo);
    const key = keyOf(keyOfChange(done.undo));
    const { undo: change, flight, text } = done;
    await this.#run({ change, key, flight, text, undoes: done });
  }

  /** A change that was made by a paste. */
  remember(flight: string, text: Text, undo: Change): void {
    this.#addDone(flight, text, undo);
  }

  /** The last values of a row that this desk has set. */
  madeOf(key: string): Edit["set"] {
    return this.#made.get(key) ?? {};
  }

  isBusy(key: string): boolean {
    const isUnknown = this.#state.unknown.some(({ job }) => job.key === key);
    return isUnknown || this.#state.busy.has(key);
  }

  async repeat(id: number): Promise<void> {
    const change = this.#state.unknown.find((one) => one.id === id);
    if (change === undefined || change.isRepeating) return;
    this.#setUnknown(id, { ...change, isRepeating: true });
    const result = await change.repeat();
    // A server that refuses the repetition has said nothing of the first request.
    if (result.kind === "unknown" || result.kind === "notMade") {
      this.#checkRefusal(result);
      return this.#setUnknown(id, { ...change, isRepeating: false });
    }
    this.#setUnknown(id, undefined);
    this.#finish(change.job, result);
  }

  /** The stream is live again, so the server answers. */
  repeatAll(): void {
    for (const { id } of this.#state.unknown) void this.repeat(id);
  }

  async #run(job: Job): Promise<Result> {
    if (this.isBusy(job.key)) {
      this.tell("notMade", (texts) => texts.waitsForOutcome);
      return { kind: "overtaken" };
    }
    this.#set({ busy: new Set([...this.#state.busy, job.key]) });
    const result = await carryOut(job.change, this.publisher);
    const busy = new Set(this.#state.busy);
    busy.delete(job.key);
    this.#set({ busy });
    if (result.kind === "unknown") this.#await(job, result.repeat);
    else this.#finish(job, result);
    return result;
  }

  #await(job: Job, repeat: () => Promise<Result>): void {
    this.#ids += 1;
    const id = this.#ids;
    const change = { id, job, isRepeating: false, repeat };
    this.#set({ unknown: [...this.#state.unknown, change], notice: undefined });
    this.clock.after(REPEAT_MILLIS, () => void this.repeat(id));
  }

  #finish(job: Job, result: Result): void {
    const { change, key, flight, text, undoes } = job;
    const isDone = result.kind === "made" || result.kind === "unchanged";
    if (isDone && change.kind === "edit")
      this.#made.set(key, { ...this.madeOf(key), ...change.edit.set });
    if (isDone && undoes !== undefined)
      this.#set({ done: this.#state.done.filter(({ id }) => id !== undoes.id) });
    if (isDone && undoes === undefined) this.#dropPublished(job);
    if (result.kind === "made" && undoes === undefined && result.undo !== undefined)
      this.#addDone(flight, text, result.undo);
    if (result.kind === "conflict") this.#showConflict(job, result.row);
    this.#checkRefusal(result);
    this.#set({ notice: noticeOf(job, result) });
  }

  #checkRefusal(result: Result): void {
    if (result.kind === "notMade" && result.reason.kind === "access")
      this.#set({ access: { ...result.reason, kind: "denied" } });
  }

  /** A cancellation leaves the text of other fields. */
  #dropPublished({ change, key }: Job): void {
    if (change.kind === "add") return this.changeAddition(undefined);
    const draft = this.#state.drafts.get(key);
    if (change.kind !== "edit" || draft === undefined) return;
    const { set, hold } = change.edit;
    const names = Object.keys({ ...set, ...hold }) as HeldName[];
    this.changeDraft(draft.row, () => names.reduce(dropField, draft));
  }

  #showConflict({ key, over }: Job, row: Flight): void {
    const draft = this.#state.drafts.get(key);
    if (draft === undefined || over === undefined) return;
    const drafts = new Map(this.#state.drafts).set(key, { ...draft, newest: { row, over } });
    this.#set({ drafts });
  }

  #addDone(flight: string, text: Text, undo: Change): void {
    this.#ids += 1;
    const done: Done = { id: this.#ids, at: this.clock.now(), flight, text, undo };
    this.#set({ done: [...this.#state.done, done].slice(-MAX_DONE) });
  }

  #setUnknown(id: number, change: UnknownChange | undefined): void {
    const unknown = this.#state.unknown.flatMap((one) => (one.id === id ? (change ?? []) : one));
    this.#set({ unknown });
  }

  #set(state: Partial<WorkState>): void {
    this.#state = { ...this.#state, ...state };
    for (const listener of this.#listeners) listener();
  }
}

function keyOfChange(change: Change): FlightKey {
  return change.kind === "edit" ? change.edit.key : change.row;
}

function noticeOf(job: Job, result: Result): Notice {
  const { flight, text, undoes, change } = job;
  const notMade = (why: Text, detail?: string): Notice => ({
    tone: "notMade",
    text: (texts) => texts.notMade(flight, why(texts)),
    ...(detail !== undefined && { detail }),
  });
  switch (result.kind) {
    case "made":
      if (undoes !== undefined) return { tone: "made", text: (texts) => texts.undone(flight) };
      if (change.kind === "add") return { tone: "made", text: (texts) => texts.added(flight) };
      return { tone: "made", text: (texts) => texts.made(flight, text(texts)) };
    case "unchanged":
      return { tone: "made", text: (texts) => texts.unchanged(flight) };
    case "conflict":
      return conflictNotice(job, result.conflicts, notMade);
    case "gone":
      return notMade((texts) => texts.whyGone);
    case "exists":
      return notMade((texts) => texts.whyExists);
    case "overtaken":
      return notMade((texts) => texts.whyOvertaken);
    case "unknown":
      return { tone: "unknown", text: (texts) => texts.unknown(flight) };
    case "notMade":
      return reasonNotice(result.reason, notMade);
  }
}

/** A draft shows its conflicts beside its fields. */
function conflictNotice(
  { change, undoes }: Job,
  [conflict]: readonly Conflict[],
  notMade: (why: Text) => Notice,
): Notice {
  if (undoes === undefined || conflict === undefined) return notMade((texts) => texts.solveFirst);
  return {
    ...notMade((texts) => texts.whyConflict),
    later: { flight: keyOfChange(change), conflict },
  };
}

function reasonNotice(reason: NotMade, notMade: (why: Text, detail?: string) => Notice): Notice {
  switch (reason.kind) {
    case "unreachable":
      return notMade((texts) => texts.whyUnreachable);
    case "access":
      return notMade((texts) => texts.whyToken, reason.detail);
    case "refused":
      return notMade((texts) => texts.whyRefused, reason.detail);
  }
}
