import { formatsOf } from "../../language/formats.ts";
import type { PunctualityTexts } from "./language.ts";
import { numbersOf } from "./numbers.ts";

const LOCALE = "ja-JP";
const formats = formatsOf(LOCALE);

export const ja: PunctualityTexts = {
  title: (board) => `定時運航率：${board}`,
  toBoard: "掲示板へ",
  days: "日付",
  periods: { today: "今日", yesterday: "昨日", week: "7日間", own: "その他の日" },
  firstDay: "最初の日",
  lastDay: "最後の日",
  show: "表示",
  badDays: (most) => `最後の日は最初の日以降にしてください。最大${most}日間です。`,
  counting: "便を集計しています",
  noAnswer: "サーバーからまだ応答がありません。引き続き接続を試みています。",
  scheduledFrom: (from, to) => `${from}から${to}までの予定便。`,
  asOf: (time) => `${time}現在。`,
  outdated: (time) => `この数値は${time}現在のものです。新しい数値は届いていません。`,
  beginsAt: (time) => `サーバーの記録は${time}からです。`,
  noFlights: "この期間に予定便はありません。",
  noneKnown: "これらの便の結果はまだ分かっていません。",
  flights: "便数",
  onTime: "定時",
  late: "遅延",
  unknown: "不明",
  medianDelay: "遅れの中央値",
  p90Delay: "90%の便はこれ以下",
  noFigure: "不明",
  definition:
    "予定時刻から15分以内に出発または到着した便を定時とします。欠航便と目的地変更便は定時に含めません。実際の時刻がない便は数えません。マイナスの遅れは早着または早発です。",
  onTimeByHour: "時間帯別の定時率",
  delayByHour: "時間帯別の遅れ",
  onTimeByAirline: "航空会社別の定時率",
  hour: "時間帯",
  table: "表",
  plot: (title) => `グラフ：${title}。値は下の表にあります。`,
  moreAirlines: (count) => formats.plural(count, { other: "ほかに#社は表示されていません。" }),
  ...numbersOf(LOCALE),
};
