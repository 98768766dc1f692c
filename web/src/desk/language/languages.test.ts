import { describe } from "vitest";
import { languageTags } from "../../language/languages.ts";
import { testTexts, textsOf, type GivenArguments } from "../../test-texts.ts";
import type { Reason } from "../typed-fields.ts";
import { en } from "./en.ts";
import type { DeskLanguage } from "./language.ts";
import { loadDeskLanguage } from "./languages.ts";

const reasons: Reason[] = [
  { reason: "tooLong", max: 801 },
  { reason: "tooMany", max: 802 },
  ...(["control", "number", "leg", "date", "time", "skipped", "future", "noSchedule"] as const).map(
    (reason) => ({ reason }),
  ),
];

const origins = [
  { time: "<7>", publisher: "<8>", isFeed: true },
  { time: "<7>", publisher: "<8>", isFeed: false },
  { time: undefined, publisher: undefined, isFeed: false },
];

/** Arguments of texts that are not all strings. */
const ARGUMENTS: GivenArguments = {
  reason: reasons.map((reason) => [reason]),
  changed: origins.map((origin) => ["<0>", "<1>", origin]),
  changedWhile: origins.map((origin) => ["<0>", undefined, "<2>", origin]),
  by: [[{ publisher: "<8>", isFeed: true }], [{ publisher: "<8>", isFeed: false }]],
  doubleLine: [[803]],
  tooManyCells: [[804]],
  publishLines: [
    [805, 805],
    [805, 806],
  ],
  linesDone: [[801, 802, 803, 804]],
};

const textsOfDesk = (texts: DeskLanguage) => textsOf(texts, ARGUMENTS);

describe.each(languageTags)("%s", async (tag) => {
  testTexts(tag, textsOfDesk(await loadDeskLanguage(tag)), textsOfDesk(en), {
    shared: ["Date", "Token"],
    names: /BA117|Enter/g,
  });
});
