// Tabs of one window, of which only one is in front. Playwright's own pages always believe that they are
// looked at, so these are driven past it, by the browser's protocol for developers.

export async function openWindow(test, browser) {
  const devtools = await browser.newBrowserCDPSession();
  const { browserContextId } = await devtools.send("Target.createBrowserContext");
  test.after(() => devtools.send("Target.disposeBrowserContext", { browserContextId }));
  return {
    /** Opens a tab in front of the others. */
    async tab(url) {
      const { targetId } = await devtools.send("Target.createTarget", { url, browserContextId });
      const { sessionId } = await devtools.send("Target.attachToTarget", { targetId });
      return new Tab(devtools, targetId, sessionId);
    },
  };
}

class Tab {
  #devtools;
  #targetId;
  #sessionId;
  #asked = 0;
  #answers = new Map();

  constructor(devtools, targetId, sessionId) {
    this.#devtools = devtools;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    devtools.on("Target.receivedMessageFromTarget", ({ sessionId, message }) => {
      const { id, result, error } = JSON.parse(message);
      if (sessionId === this.#sessionId) this.#answers.get(id)?.(result ?? error);
    });
  }

  bringToFront() {
    return this.#devtools.send("Target.activateTarget", { targetId: this.#targetId });
  }

  /** Freezes a hidden tab ("frozen"), as a browser does to save power, or lets it go on ("active"). */
  async become(state) {
    await this.#send("Page.setWebLifecycleState", { state });
  }

  async reload() {
    await this.#send("Page.reload", {});
  }

  /** What the function gives in the page; undefined where it fails, as before the page is there. */
  async evaluate(find) {
    const expression = `(${find})()`;
    const { result } = await this.#send("Runtime.evaluate", { expression, returnByValue: true });
    return result?.value;
  }

  #send(method, params) {
    const id = (this.#asked += 1);
    const message = JSON.stringify({ id, method, params });
    return new Promise((answered, failed) => {
      this.#answers.set(id, answered);
      const target = { sessionId: this.#sessionId, message };
      this.#devtools.send("Target.sendMessageToTarget", target).catch(failed);
    });
  }
}
