// The reader's settings in the browser's storage, which may be denied. Then they last until the page is closed.

const PREFIX = "flightboard.";

export function stored(name: string): string | undefined {
  try {
    return window.localStorage.getItem(PREFIX + name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function store(name: string, value: string): void {
  try {
    window.localStorage.setItem(PREFIX + name, value);
  } catch {
    // Denied or full.
  }
}
