// Notifications of the browser. Without them, or when the reader has denied them, the card and the title still tell.

/** Whether the reader can still be asked. */
export function canAskToNotify(): boolean {
  return "Notification" in window && Notification.permission === "default";
}

/** False if the reader denied them, or closed the question: then the button stays. */
export async function askToNotify(): Promise<boolean> {
  return (await Notification.requestPermission()) === "granted";
}

/** Long enough for a pocket. */
const VIBRATION_MILLIS = [300, 150, 300];

/** Browsers refuse it until the reader has touched the page, and some have none. */
export function vibrate(): void {
  if ("vibrate" in navigator) navigator.vibrate(VIBRATION_MILLIS);
}

/** The browser shows one of equal tag only once, though several tabs may send it. */
export function notify(title: string, body: string, tag: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const notification = new Notification(title, { body, tag });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // Chromium on Android has notifications of service workers only.
    void navigator.serviceWorker
      ?.getRegistration()
      .then((worker) => worker?.showNotification(title, { body, tag }))
      .catch(() => undefined);
  }
}
