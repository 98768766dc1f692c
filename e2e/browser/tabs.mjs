// Tabs of one window, of which only one is visible. Playwright makes all of its pages believe that they are
// visible, so these tabs are driven by the Chrome DevTools Protocol instead.

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
  #lastId = 0;
  #pending = new Map();

  constructor(devtools, targetId, sessionId) {
    this.#devtools = devtools;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    devtools.on("Target.receivedMessageFromTarget", ({ sessionId, message }) => {
      const { id, result, error } = JSON.parse(message);
      if (sessionId === this.#sessionId) this.#pending.get(id)?.(result ?? error);
    });
  }

  bringToFront() {
    return this.#devtools.send("Target.activateTarget", { targetId: this.#targetId });
  }

  /** "frozen" freezes a hidden tab, as a browser does to save power; "active" resumes it. */
  async setLifecycleState(state) {
    await this.#send("Page.setWebLifecycleState", { state });
  }

  async reload() {
    await this.#send("Page.reload", {});
  }

  /** The result of a function in the page; undefined if it throws, for example before the page has loaded. */
  async evaluate(pageFunction) {
    const expression = `(${pageFunction})()`;
    const { result } = await this.#send("Runtime.evaluate", { expression, returnByValue: true });
    return result?.value;
  }

  #send(method, params) {
    const id = (this.#lastId += 1);
    const message = JSON.stringify({ id, method, params });
    return new Promise((resolve, reject) => {
      this.#pending.set(id, resolve);
      const target = { sessionId: this.#sessionId, message };
      this.#devtools.send("Target.sendMessageToTarget", target).catch(reject);
    });
  }
}
