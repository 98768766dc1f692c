// What is to end with a test, the newest first: a page is closed before the server that it follows.

const endings = new WeakMap();

/** Runs `end` when the test ends, before all that was registered earlier, even if others fail. */
export function atEnd(test, end) {
  let ends = endings.get(test);
  if (ends === undefined) {
    ends = [];
    endings.set(test, ends);
    test.after(async () => {
      let failure;
      for (const end of ends.reverse()) {
        try {
          await end();
        } catch (error) {
          failure ??= error;
        }
      }
      if (failure) throw failure;
    });
  }
  ends.push(end);
}
