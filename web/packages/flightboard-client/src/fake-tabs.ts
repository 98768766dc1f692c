// The locks and channels that the tabs of one browser share, without a browser.

interface Request {
  run: () => unknown;
  resolve(): void;
  reject(error: DOMException): void;
}

/** Messages arrive in a later turn, and never at the channel that sent them. */
class FakeChannel {
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(private readonly channels: Set<FakeChannel>) {
    channels.add(this);
  }

  postMessage(data: unknown): void {
    for (const channel of this.channels) {
      if (channel === this) continue;
      void Promise.resolve().then(() => {
        if (this.channels.has(channel)) channel.onmessage?.({ data: structuredClone(data) });
      });
    }
  }

  close(): void {
    this.channels.delete(this);
  }
}

export class FakeBrowser {
  readonly #channels = new Set<FakeChannel>();
  #holder: Request | undefined;
  #queue: Request[] = [];

  /** The locks and channels of one more tab. `crash` frees its lock and its channels, as its browser does. */
  tab() {
    const own: Request[] = [];
    const channels: FakeChannel[] = [];
    const all = this.#channels;
    const request = (_: string, options: LockOptions, run: () => unknown) =>
      new Promise<void>((resolve, reject) => {
        const asked: Request = { run, resolve, reject };
        own.push(asked);
        options.signal?.addEventListener("abort", () => {
          if (!this.#queue.includes(asked)) return;
          this.#queue = this.#queue.filter((other) => other !== asked);
          reject(new DOMException("left", "AbortError"));
        });
        if (options.steal) {
          this.#holder?.reject(new DOMException("stolen", "AbortError"));
          this.#grant(asked);
        } else this.#queue.push(asked);
        this.#next();
      });
    return {
      locks: { request } as unknown as LockManager,
      Channel: function () {
        const channel = new FakeChannel(all);
        channels.push(channel);
        return channel;
      } as unknown as typeof BroadcastChannel,
      crash: () => {
        for (const channel of channels) channel.close();
        this.#queue = this.#queue.filter((asked) => !own.includes(asked));
        if (this.#holder && own.includes(this.#holder)) this.#holder = undefined;
        this.#next();
      },
      hang: () => {
        for (const channel of channels) channel.close();
      },
    };
  }

  #next(): void {
    const next = this.#holder === undefined ? this.#queue.shift() : undefined;
    if (next !== undefined) this.#grant(next);
  }

  #grant(asked: Request): void {
    this.#holder = asked;
    void Promise.resolve()
      .then(asked.run)
      .then(() => {
        asked.resolve();
        if (this.#holder !== asked) return;
        this.#holder = undefined;
        this.#next();
      });
  }
}
