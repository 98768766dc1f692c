// Tells whether the page is being printed: paper does not scroll.

import { useEffect, useState } from "preact/hooks";
import { flushSync } from "preact/compat";

/** While the page is printed, the value that `read` had before; otherwise undefined. */
export function usePrinting<Value>(read: () => Value): Value | undefined {
  const [printed, setPrinted] = useState<Value>();
  useEffect(() => {
    // The browser prints the page as it is when the listener returns.
    const onBefore = () => flushSync(() => setPrinted(read()));
    const onAfter = () => setPrinted(undefined);
    window.addEventListener("beforeprint", onBefore);
    window.addEventListener("afterprint", onAfter);
    return () => {
      window.removeEventListener("beforeprint", onBefore);
      window.removeEventListener("afterprint", onAfter);
    };
  }, [read]);
  return printed;
}
