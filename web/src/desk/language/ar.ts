import type { DeskLanguage, Origin } from "./language.ts";

export const ar: DeskLanguage = {
  title: (board) => `مكتب التحرير: ${board}`,
  toBoard: "إلى اللوحة",
  flights: "الرحلات",
  pick: "اختر رحلة",
  pickHint: "اضغط / للبحث، والأسهم للتنقل، ومفتاح الإدخال لفتح رحلة. اضغط ? لعرض كل المفاتيح.",
  notFound: "لا رحلة مطابقة",

  add: "إضافة رحلة",
  paste: "لصق عدة رحلات",
  undo: "تراجع",
  keys: "المفاتيح",
  number: "رقم الرحلة",
  date: "التاريخ",
  leg: "المقطع",
  legHint: "فقط إذا كان الرقم يطير مرتين في ذلك اليوم",
  moreFields: "حقول أخرى",
  timeHint: "20:45، أو 0015 +1 لليوم التالي، أو +25 لتأخير 25 دقيقة",
  publish: "نشر",
  publishing: "جارٍ النشر",
  discard: "تجاهل",
  back: "العودة إلى القائمة",
  cancelFlight: "إلغاء الرحلة",
  cancelQuestion: (flight, place, time) =>
    `هل تريد إلغاء ${[flight, place, time].filter(Boolean).join("، ")}؟ ستعرضه كل الشاشات فورًا.`,
  cancelYes: (flight) => `نعم، إلغاء ${flight}`,
  goBack: "لا، عودة",
  was: (value) => `كان ${value}`,
  nothing: "فارغ",
  means: (day, time, difference) => [`${day}، ${time}`, difference].filter(Boolean).join(" · "),
  reason(reason) {
    switch (reason.reason) {
      case "tooLong":
        return `الحد الأقصى للأحرف ${reason.max}`;
      case "tooMany":
        return `الحد الأقصى للعناصر ${reason.max}`;
      case "control":
        return "لا يجوز استخدام رموز التحكم";
      case "number":
        return "يجب أن يكون رقم رحلة صحيحًا";
      case "leg":
        return "حروف وأرقام والرموز - . _ : فقط";
      case "date":
        return "يجب أن يكون تاريخًا مثل 2026-11-22";
      case "time":
        return "يجب أن يكون وقتًا مثل 20:45";
      case "skipped":
        return "لا وجود لهذا الوقت في ذلك اليوم بسبب تقديم الساعة";
      case "future":
        return "لا يمكن أن يكون الوقت الفعلي في المستقبل";
      case "noSchedule":
        return "يُحسب من الوقت المجدول، وهو غير موجود";
    }
  },

  holdWhole: "تثبيت الرحلة كلها",
  hold: (field) => `تثبيت ${field}`,
  held: "مثبّت: لا تغيّره مصادر البيانات",
  released: "غير مثبّت: قد يغيّره مصدر بيانات",
  heldField: (field) => `تثبيت ${field}`,
  releasedField: (field) => `تحرير ${field}`,
  holdsByDefault: (source) =>
    `البيانات من ${source}. كل حقل تغيّره يُثبَّت حتى تحرّره بالقفل المجاور له.`,
  holdsByChoice: "لم يُعلن أي مصدر بيانات على هذه اللوحة. القفل يثبّت الحقل فلا تغيّره المصادر.",
  draft: "غير منشور",

  changed: (field, theirs, origin) => `${field}: ${changedTo(theirs)}${originText(origin)}.`,
  changedWhile: (field, theirs, mine, origin) =>
    `${field}: ${changedTo(theirs)}${originText(origin)} بينما كنت تكتب ${mine}.`,
  keepTheirs: "إبقاء قيمتهم",
  putMine: "وضع قيمتي",
  leftBoard: "غادرت اللوحة، مع نص غير منشور",
  draftOfRemoved: "غادرت هذه الرحلة اللوحة. ما كتبته ما زال هنا.",
  solveFirst: "غيّر شخص آخر الحقل نفسه. اختر القيمة التي تبقى، ثم انشر مرة أخرى.",
  fixFirst: "لم يُنفَّذ: صحّح الحقول المعلّمة أولًا.",
  noChange: "لا شيء للنشر: كل شيء مطابق للوحة.",

  made: (flight, what) => `نُفِّذ: ${flight}، ${what}.`,
  added: (flight) => `نُفِّذ: أُضيفت ${flight}.`,
  undone: (flight) => `نُفِّذ: تم التراجع عن تغيير ${flight}.`,
  unchanged: (flight) => `${flight} على هذه الحال بالفعل.`,
  notMade: (flight, why) => `لم يُنفَّذ: ${flight}. ${why}`,
  whyUnreachable: "الخادم لا يجيب. ما كتبته محفوظ.",
  whyToken: "يطلب الخادم رمز دخول يسمح بالنشر. ما كتبته محفوظ.",
  whyRefused: "رفضه الخادم:",
  whyGone: "لم تعد الرحلة على اللوحة.",
  whyExists: "توجد رحلة بهذا الرقم وهذا التاريخ. افتحها وغيّرها.",
  whyOvertaken: "تغيّرت الرحلة في هذه الأثناء. راجعها ثم انشر مرة أخرى.",
  whyConflict: "غيّر شخص آخر الحقل نفسه.",
  unknown: (flight) => `غير معروف: هل نُفِّذ تغيير ${flight} أم لا.`,
  unknownRepeats: "لم يجب الخادم. التكرار آمن: يُنفَّذ التغيير مرة واحدة على الأكثر.",
  repeat: "تكرار",
  repeating: "جارٍ التكرار",
  nothingToUndo: "لا شيء للتراجع عنه.",
  waitsForOutcome: "نتيجة التغيير الأخير غير معروفة بعد.",

  tokenNeeded: "النشر يحتاج إلى رمز دخول",
  tokenHelp:
    "يبقى الرمز في هذه الصفحة حتى تُغلق أو يُعاد تحميلها. لا يوجد في أي عنوان ولا في تخزين المتصفح.",
  token: "رمز الدخول",
  signIn: "تسجيل الدخول",
  mayNot: "لا يُسمح لهذه الصفحة بالنشر هنا",
  newPage: "لدى الخادم إصدار جديد من هذه الصفحة.",
  reload: "تحميله",

  yourChanges: "تغييراتك",
  lastChanges: "آخر التغييرات",
  noHistory: "ليس لدى هذا الخادم قائمة تغييرات. هذه هي التي رأتها هذه الصفحة.",
  historySilent: "قائمة التغييرات لا تجيب. هذه هي التي رأتها هذه الصفحة.",
  noChanges: "لا شيء بعد",
  cleared: (field) => `${field}: أُفرغ`,
  addition: "أُضيفت",
  removal: "أُزيلت",
  by,

  pasteHelp: (headings) =>
    `انسخ صفوفًا من جدول بيانات، وأولها صف عناوين مثل ${headings}. الخلية الفارغة لا تغيّر شيئًا، والعلامة - وحدها تفرغ الحقل.`,
  pasteLabel: "صفوف مع عناوين",
  pasteHold: "تثبيت الحقول الملصقة فلا تغيّرها المصادر",
  line: "السطر",
  newFlight: "جديدة",
  noEffect: "لا تغيير",
  fieldReason: (field, reason) => `${field}: ${reason}`,
  unknownColumn: (heading) => `«${heading}» ليس حقلًا`,
  doubleColumn: (heading) => `«${heading}» مكرر`,
  noFlightColumn: (heading) => `تحتاج العناوين إلى عمود ${heading}`,
  doubleLine: (line) => `الرحلة نفسها في السطر ${line}`,
  tooManyCells: (cells) => `عدد الخلايا ${cells}، وهو أكثر من العناوين`,
  severalRows: (dates) => `مطلوب، واحد من ${dates}`,
  publishLines: (count, all) => (count === all ? `نشر الأسطر: ${count}` : `نشر ${count} من ${all}`),
  noLines: "لا سطر يمكن نشره",
  linesDone(made, refused, unknown, skipped) {
    const parts = [`نُشر: ${made}`];
    if (refused > 0) parts.push(`رُفض: ${refused}`);
    if (unknown > 0) parts.push(`غير معروف: ${unknown}`);
    if (skipped > 0) parts.push(`لم يُرسل: ${skipped}`);
    return `${parts.join("، ")}.`;
  },
  lineMade: "نُشر",
  lineRefused: (why) => `رُفض: ${why}`,
  lineUnknown: "غير معروف",
  lineSkipped: "لم يُرسل",
  noLineMade: "لم يُنشر أي سطر.",
  goBackToText: "العودة إلى النص",

  keysTitle: "مفاتيح مكتب التحرير",
  keyTexts: {
    search: "بحث",
    move: "التنقل في القائمة",
    open: "فتح الرحلة",
    escape: "العودة إلى القائمة مع حفظ ما كُتب",
    publish: "نشر",
    undo: "التراجع عن آخر تغيير لك، خارج حقول النص",
    add: "إضافة رحلة",
    cancel: "إلغاء الرحلة بعد سؤال",
    paste: "لصق عدة صفوف",
    keys: "عرض هذه المفاتيح",
    hold: "تثبيت الحقل أو تحريره",
  },
};

function by({ publisher, isFeed }: Omit<Origin, "time">): string {
  return isFeed ? `مصدر البيانات ${publisher ?? ""}`.trim() : (publisher ?? "");
}

function changedTo(theirs: string | undefined): string {
  return theirs === undefined ? "أُفرغ" : `تغيّر إلى ${theirs}`;
}

function originText({ time, ...who }: Origin): string {
  const name = by(who);
  return (time === undefined ? "" : ` في ${time}`) + (name === "" ? "" : ` بواسطة ${name}`);
}
