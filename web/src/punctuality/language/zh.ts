import { formatsOf } from "../../language/formats.ts";
import type { PunctualityTexts } from "./language.ts";
import { numbersOf } from "./numbers.ts";

const LOCALE = "zh-CN";
const formats = formatsOf(LOCALE);

export const zh: PunctualityTexts = {
  title: (board) => `准点率：${board}`,
  toBoard: "前往航班牌",
  days: "日期",
  periods: { today: "今天", yesterday: "昨天", week: "7 天", own: "其他日期" },
  firstDay: "第一天",
  lastDay: "最后一天",
  show: "显示",
  badDays: (most) => `最后一天不能早于第一天，最多 ${most} 天。`,
  counting: "正在统计航班",
  noAnswer: "服务器尚未答复。本页面会继续尝试。",
  scheduledFrom: (from, to) => `计划时间从 ${from} 到 ${to} 的航班。`,
  asOf: (time) => `截至 ${time}。`,
  outdated: (time) => `这些数字截至 ${time}。没有收到更新的数字。`,
  beginsAt: (time) => `服务器只有 ${time} 以来的航班。`,
  noFlights: "这段时间没有计划航班。",
  noneKnown: "这些航班的结果尚不清楚。",
  flights: "航班",
  onTime: "准点",
  late: "延误",
  unknown: "不明",
  medianDelay: "延误中位数",
  p90Delay: "90% 的航班不超过",
  noFigure: "不明",
  definition:
    "计划时间之后 15 分钟以内起飞或到达的航班为准点。取消和备降的航班不算准点。没有实际时间的航班不计入。负的延误表示提前。",
  onTimeByHour: "各时段准点率",
  delayByHour: "各时段延误",
  onTimeByAirline: "各航空公司准点率",
  hour: "时段",
  table: "表格",
  plot: (title) => `图表：${title}。数值见下表。`,
  moreAirlines: (count) => formats.plural(count, { other: "另有 # 家航空公司未列出。" }),
  ...numbersOf(LOCALE),
};
