// Ends the parts of a test in reverse order: a page is closed before its server.

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
