import type { DeskLanguage, Origin } from "./language.ts";

export const zh: DeskLanguage = {
  title: (board) => `编辑台：${board}`,
  toBoard: "返回航班板",
  flights: "航班",
  pick: "请选择航班",
  pickHint: "按 / 搜索，用方向键移动，按 Enter 打开航班。按 ? 查看所有按键。",
  notFound: "没有符合的航班",

  add: "添加航班",
  paste: "批量粘贴",
  undo: "撤销",
  keys: "按键",
  number: "航班号",
  date: "日期",
  leg: "航段",
  legHint: "仅当该航班号当天飞两次时填写",
  moreFields: "更多字段",
  timeHint: "20:45，次日写作 0015 +1，晚点 25 分钟写作 +25",
  publish: "发布",
  publishing: "正在发布",
  discard: "放弃",
  back: "返回列表",
  cancelFlight: "取消航班",
  cancelQuestion: (flight, place, time) =>
    `要取消 ${[flight, place, time].filter(Boolean).join("，")} 吗？所有屏幕会立即显示。`,
  cancelYes: (flight) => `是，取消 ${flight}`,
  goBack: "否，返回",
  was: (value) => `原为 ${value}`,
  nothing: "空",
  means: (day, time, difference) => [`${day} ${time}`, difference].filter(Boolean).join(" · "),
  reason(reason) {
    switch (reason.reason) {
      case "tooLong":
        return `最多 ${reason.max} 个字符`;
      case "tooMany":
        return `最多 ${reason.max} 项`;
      case "control":
        return "不能含有控制字符";
      case "number":
        return "须为航班号，例如 BA117";
      case "leg":
        return "只能含有字母、数字和 - . _ :";
      case "date":
        return "须为日期，例如 2026-11-22";
      case "time":
        return "须为时间，例如 20:45";
      case "skipped":
        return "当天时钟拨快，没有这个时间";
      case "future":
        return "实际时间不能在将来";
      case "noSchedule":
        return "须从计划时间算起，但没有计划时间";
    }
  },

  holdWhole: "锁定整个航班",
  hold: (field) => `锁定${field}`,
  held: "已锁定：数据源不会更改",
  released: "未锁定：数据源可能更改",
  heldField: (field) => `${field}已锁定`,
  releasedField: (field) => `${field}已解锁`,
  holdsByDefault: (source) =>
    `数据来自 ${source}。您更改的字段会被锁定，数据源不会改动，直到您用旁边的锁解锁。`,
  holdsByChoice: "此航班板没有声明数据源。用锁可以防止数据源更改字段。",
  draft: "未发布",

  changed: (field, theirs, origin) => `${field}已${originText(origin)}${changedTo(theirs)}。`,
  changedWhile: (field, theirs, mine, origin) =>
    `在您输入 ${mine} 时，${field}已${originText(origin)}${changedTo(theirs)}。`,
  keepTheirs: "保留对方的",
  putMine: "用我的",
  leftBoard: "已离开航班板，有未发布的内容",
  draftOfRemoved: "此航班已离开航班板。您输入的内容仍在这里。",
  solveFirst: "他人更改了同一字段。请选择保留哪个值，然后再次发布。",
  fixFirst: "未更改：请先改正标出的字段。",
  noChange: "没有可发布的内容：与航班板相同。",

  made: (flight, what) => `已更改：${flight}，${what}。`,
  added: (flight) => `已更改：已添加 ${flight}。`,
  undone: (flight) => `已更改：已撤销 ${flight} 的更改。`,
  unchanged: (flight) => `${flight} 已经是这样。`,
  notMade: (flight, why) => `未更改：${flight}。${why}`,
  whyUnreachable: "服务器没有响应。您输入的内容已保留。",
  whyToken: "服务器需要有发布权限的令牌。您输入的内容已保留。",
  whyRefused: "服务器拒绝了：",
  whyGone: "该航班已不在航班板上。",
  whyExists: "已有此航班号和日期的航班。请打开它进行更改。",
  whyOvertaken: "航班在此期间已更改。请查看后再次发布。",
  whyConflict: "他人更改了同一字段。",
  unknown: (flight) => `未知：不清楚 ${flight} 的更改是否已生效。`,
  unknownRepeats: "服务器没有响应。重复是安全的：更改最多只生效一次。",
  repeat: "重复",
  repeating: "正在重复",
  nothingToUndo: "没有可撤销的内容。",
  waitsForOutcome: "上一次更改的结果尚不清楚。",

  tokenNeeded: "发布需要令牌",
  tokenHelp: "令牌只保存在此页面中，直到关闭或重新加载。它不在任何网址中，也不在浏览器存储中。",
  token: "令牌",
  signIn: "登录",
  mayNot: "此页面不能在这里发布",
  newPage: "服务器有此页面的新版本。",
  reload: "加载",

  yourChanges: "您的更改",
  lastChanges: "最近的更改",
  noHistory: "此服务器没有更改列表。以下是此页面收到的更改。",
  historySilent: "更改列表没有响应。以下是此页面收到的更改。",
  noChanges: "暂无",
  cleared: (field) => `${field}已清空`,
  addition: "已添加",
  removal: "已移除",
  by,

  pasteHelp: (headings) =>
    `从电子表格复制行，第一行为标题，例如 ${headings}。空单元格不作更改；单独的 - 清空字段。`,
  pasteLabel: "带标题的行",
  pasteHold: "锁定粘贴的字段，防止数据源更改",
  line: "行",
  newFlight: "新增",
  noEffect: "无更改",
  fieldReason: (field, reason) => `${field}：${reason}`,
  unknownColumn: (heading) => `“${heading}”不是字段`,
  doubleColumn: (heading) => `“${heading}”出现了两次`,
  noFlightColumn: (heading) => `标题中需要“${heading}”列`,
  doubleLine: (line) => `与第 ${line} 行是同一航班`,
  tooManyCells: (cells) => `有 ${cells} 个单元格，多于标题`,
  severalRows: (dates) => `必须填写以下之一：${dates}`,
  publishLines: (count, all) =>
    count === all ? `发布 ${count} 行` : `发布 ${all} 行中的 ${count} 行`,
  noLines: "没有可以发布的行",
  linesDone(made, refused, unknown, skipped) {
    const parts = [`已发布 ${made} 行`];
    if (refused > 0) parts.push(`被拒绝 ${refused} 行`);
    if (unknown > 0) parts.push(`未知 ${unknown} 行`);
    if (skipped > 0) parts.push(`未发送 ${skipped} 行`);
    return `${parts.join("，")}。`;
  },
  lineMade: "已发布",
  lineRefused: (why) => `被拒绝：${why}`,
  lineUnknown: "未知",
  lineSkipped: "未发送",
  noLineMade: "没有发布任何行。",
  goBackToText: "返回文本",

  keysTitle: "编辑台的按键",
  keyTexts: {
    search: "搜索",
    move: "在列表中移动",
    open: "打开航班",
    escape: "返回列表，保留输入",
    publish: "发布",
    undo: "撤销您最后的更改（在输入框之外）",
    add: "添加航班",
    cancel: "确认后取消航班",
    paste: "批量粘贴",
    keys: "显示这些按键",
    hold: "锁定或解锁字段",
  },
};

function by({ publisher, isFeed }: Omit<Origin, "time">): string {
  return isFeed ? `数据源 ${publisher ?? ""}`.trim() : (publisher ?? "");
}

function changedTo(theirs: string | undefined): string {
  return theirs === undefined ? "清空" : `改为 ${theirs}`;
}

function originText({ time, ...who }: Origin): string {
  const name = by(who);
  return (time === undefined ? "" : `于 ${time} `) + (name === "" ? "" : `由 ${name} `);
}
