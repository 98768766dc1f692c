// The texts of a page that has crashed, in all languages at once: a file that is not there may be the reason of the crash.

import type { LanguageTag } from "./languages.ts";

export interface CrashTexts {
  readonly title: string;
  readonly text: string;
}

export const crashTexts: Readonly<Record<LanguageTag, CrashTexts>> = {
  en: {
    title: "This screen has a fault, so the flights are not shown.",
    text: "It starts again in a moment.",
  },
  de: {
    title: "Dieser Bildschirm hat einen Fehler, deshalb sind die Flüge nicht zu sehen.",
    text: "Er startet gleich neu.",
  },
  es: {
    title: "Esta pantalla tiene un fallo y no muestra los vuelos.",
    text: "Se reinicia enseguida.",
  },
  fr: {
    title: "Cet écran est en panne et n’affiche pas les vols.",
    text: "Il redémarre dans un instant.",
  },
  ja: {
    title: "この画面に障害が発生したため、便を表示できません。",
    text: "まもなく再起動します。",
  },
  ar: {
    title: "في هذه الشاشة عطل، لذلك لا تظهر الرحلات.",
    text: "ستعمل من جديد بعد لحظات.",
  },
  zh: {
    title: "此屏幕出现故障，无法显示航班。",
    text: "即将重新启动。",
  },
};
