// Tells whether a reload would disturb a reader.

/** After a key, a touch or a scroll the reader is busy for this long. */
export const BUSY_MILLIS = 30_000;
/** Without any input for this time the reader has left, even if a control still has the focus. */
export const IDLE_MILLIS = 600_000;

const INPUT_EVENTS = ["pointerdown", "keydown", "input", "wheel", "touchmove", "scroll"];

/** Watches for input from now on. Returns a function that tells whether this moment is quiet. */
export function watchInput(now: () => number): () => boolean {
  let lastInput = now() - BUSY_MILLIS;
  const onInput = () => void (lastInput = now());
  for (const type of INPUT_EVENTS) {
    window.addEventListener(type, onInput, { capture: true, passive: true });
  }
  return () => {
    const pause = now() - lastInput;
    if (document.hidden || pause >= IDLE_MILLIS) return true;
    return pause >= BUSY_MILLIS && !isInUse();
  };
}

/** True if a control has the focus or text is selected. */
function isInUse(): boolean {
  const focused = document.activeElement;
  if (focused !== null && focused !== document.body) return true;
  return document.getSelection()?.isCollapsed === false;
}
