import { formatsOf } from "../../language/formats.ts";
import type { PunctualityTexts } from "./language.ts";
import { numbersOf } from "./numbers.ts";

const LOCALE = "ar-u-nu-latn";
const formats = formatsOf(LOCALE);

export const ar: PunctualityTexts = {
  title: (board) => `الالتزام بالمواعيد: ${board}`,
  toBoard: "إلى اللوحة",
  days: "الأيام",
  periods: { today: "اليوم", yesterday: "أمس", week: "7 أيام", own: "أيام أخرى" },
  firstDay: "اليوم الأول",
  lastDay: "اليوم الأخير",
  show: "عرض",
  badDays: (most) => `يجب ألا يسبق اليوم الأخير اليوم الأول، والحد الأقصى ${most} يومًا.`,
  counting: "جارٍ حساب الرحلات",
  noAnswer: "لم يجب الخادم بعد. تواصل هذه الصفحة المحاولة.",
  scheduledFrom: (from, to) => `الرحلات المجدولة من ${from} إلى ${to}.`,
  asOf: (time) => `حتى ${time}.`,
  outdated: (time) => `هذه الأرقام حتى ${time}. لم تصل أرقام أحدث.`,
  beginsAt: (time) => `لا يعرف الخادم إلا الرحلات منذ ${time}.`,
  noFlights: "لا توجد رحلات مجدولة في هذه المدة.",
  noneKnown: "لم تُعرف نتيجة أي من هذه الرحلات بعد.",
  flights: "الرحلات",
  onTime: "في الموعد",
  late: "متأخرة",
  unknown: "غير معروفة",
  medianDelay: "وسيط التأخير",
  p90Delay: "لا يتجاوزه 90%",
  noFigure: "غير معروف",
  definition:
    "تعد الرحلة في موعدها إذا غادرت أو وصلت بعد موعدها المجدول بما لا يزيد على 15 دقيقة. الرحلات الملغاة والمحوّلة لا تعد في موعدها. الرحلات التي ليس لها وقت فعلي لا تدخل في الحساب. التأخير الأقل من صفر يعني التبكير.",
  onTimeByHour: "في الموعد حسب الساعة",
  delayByHour: "التأخير حسب الساعة",
  onTimeByAirline: "في الموعد حسب شركة الطيران",
  hour: "الساعة",
  table: "جدول",
  plot: (title) => `رسم بياني: ${title}. القيم في الجدول أدناه.`,
  moreAirlines: (count) =>
    formats.plural(count, {
      zero: "لا شركات أخرى.",
      one: "شركة طيران أخرى غير مذكورة.",
      two: "شركتا طيران أخريان غير مذكورتين.",
      few: "# شركات طيران أخرى غير مذكورة.",
      many: "# شركة طيران أخرى غير مذكورة.",
      other: "# شركة طيران أخرى غير مذكورة.",
    }),
  ...numbersOf(LOCALE),
};
