import type { DeskLanguage, Origin } from "./language.ts";

export const ja: DeskLanguage = {
  title: (board) => `編集デスク：${board}`,
  toBoard: "案内板へ",
  flights: "便",
  pick: "便を選んでください",
  pickHint: "/ で検索、矢印キーで移動、Enter で便を開きます。? ですべてのキーを表示します。",
  notFound: "該当する便はありません",

  add: "便を追加",
  paste: "まとめて貼り付け",
  undo: "元に戻す",
  keys: "キー",
  number: "便名",
  date: "日付",
  leg: "区間",
  legHint: "同じ日に同じ便名が 2 回運航する場合のみ",
  moreFields: "その他の項目",
  timeHint: "20:45、翌日は 0015 +1、25 分遅れは +25",
  publish: "公開",
  publishing: "公開中",
  discard: "破棄",
  back: "一覧に戻る",
  cancelFlight: "欠航にする",
  cancelQuestion: (flight, place, time) =>
    `${[flight, place, time].filter(Boolean).join("、")} を欠航にしますか。すべての画面にすぐ表示されます。`,
  cancelYes: (flight) => `はい、${flight} を欠航にする`,
  goBack: "いいえ、戻る",
  was: (value) => `変更前：${value}`,
  nothing: "なし",
  means: (day, time, difference) => [`${day} ${time}`, difference].filter(Boolean).join("・"),
  reason(reason) {
    switch (reason.reason) {
      case "tooLong":
        return `${reason.max} 文字以内にしてください`;
      case "tooMany":
        return `${reason.max} 件以内にしてください`;
      case "control":
        return "制御文字は使えません";
      case "number":
        return "BA117 のような便名にしてください";
      case "leg":
        return "文字、数字、- . _ : だけが使えます";
      case "date":
        return "2026-11-22 のような日付にしてください";
      case "time":
        return "20:45 のような時刻にしてください";
      case "skipped":
        return "時計が進むため、その日にこの時刻はありません";
      case "future":
        return "実際の時刻は未来にできません";
      case "noSchedule":
        return "定刻から数えますが、定刻がありません";
    }
  },

  holdWhole: "便全体を固定する",
  hold: (field) => `${field}を固定`,
  held: "固定中：データ元は変更しません",
  released: "固定なし：データ元が変更することがあります",
  heldField: (field) => `${field}を固定`,
  releasedField: (field) => `${field}の固定を解除`,
  holdsByDefault: (source) =>
    `この一覧は ${source} から届きます。変更した項目は、横の錠で解除するまで固定されます。`,
  holdsByChoice:
    "この案内板にはデータ元の表示がありません。錠で項目を固定すると、データ元は変更しません。",
  draft: "未公開",

  changed: (field, theirs, origin) => `${originText(origin)}${field}が${changedTo(theirs)}ました。`,
  changedWhile: (field, theirs, mine, origin) =>
    `${mine} と入力している間に、${originText(origin)}${field}が${changedTo(theirs)}ました。`,
  keepTheirs: "相手の値を残す",
  putMine: "自分の値にする",
  leftBoard: "案内板からなくなりました（未公開の入力あり）",
  draftOfRemoved: "この便は案内板からなくなりました。入力した内容は残っています。",
  solveFirst: "ほかの人が同じ項目を変更しました。残す値を選んでから、もう一度公開してください。",
  fixFirst: "変更していません：先に印の付いた項目を直してください。",
  noChange: "公開するものがありません：案内板と同じ内容です。",

  made: (flight, what) => `変更しました：${flight}、${what}。`,
  added: (flight) => `変更しました：${flight} を追加しました。`,
  undone: (flight) => `変更しました：${flight} の変更を元に戻しました。`,
  unchanged: (flight) => `${flight} はすでにその内容です。`,
  notMade: (flight, why) => `変更していません：${flight}。${why}`,
  whyUnreachable: "サーバーが応答しません。入力した内容は残っています。",
  whyToken: "公開の権限があるトークンが必要です。入力した内容は残っています。",
  whyRefused: "サーバーが拒否しました：",
  whyGone: "この便はもう案内板にありません。",
  whyExists: "この便名と日付の便はすでにあります。その便を開いて変更してください。",
  whyOvertaken: "その間に便が変更されました。確認して、もう一度公開してください。",
  whyConflict: "ほかの人が同じ項目を変更しました。",
  unknown: (flight) => `不明：${flight} の変更が行われたかどうか分かりません。`,
  unknownRepeats:
    "サーバーの応答がありませんでした。繰り返しても安全です：変更は多くても 1 回だけ行われます。",
  repeat: "繰り返す",
  repeating: "繰り返しています",
  nothingToUndo: "元に戻すものはありません。",
  waitsForOutcome: "前の変更の結果がまだ分かりません。",

  tokenNeeded: "公開にはトークンが必要です",
  tokenHelp:
    "閉じるか再読み込みするまで、このページだけが保持します。アドレスにもブラウザーの保存領域にも残りません。",
  token: "トークン",
  signIn: "サインイン",
  mayNot: "このページからはここに公開できません",
  newPage: "このページの新しい版があります。",
  reload: "読み込む",

  yourChanges: "自分の変更",
  lastChanges: "最近の変更",
  noHistory: "このサーバーには変更の一覧がありません。このページが受け取った変更を表示しています。",
  historySilent: "変更の一覧が応答しません。このページが受け取った変更を表示しています。",
  noChanges: "まだありません",
  cleared: (field) => `${field}を消去`,
  addition: "追加",
  removal: "削除",
  by,

  pasteHelp: (headings) =>
    `表計算ソフトから、最初の行を見出しにしてコピーしてください（例：${headings}）。空のセルは何も変えません。- だけのセルは項目を消去します。`,
  pasteLabel: "見出し付きの行",
  pasteHold: "貼り付けた項目を固定する",
  line: "行",
  newFlight: "新規",
  noEffect: "変更なし",
  fieldReason: (field, reason) => `${field}：${reason}`,
  unknownColumn: (heading) => `「${heading}」という項目はありません`,
  doubleColumn: (heading) => `「${heading}」が 2 回あります`,
  noFlightColumn: (heading) => `見出しに「${heading}」の列が必要です`,
  doubleLine: (line) => `${line} 行目と同じ便です`,
  tooManyCells: (cells) => `セルが ${cells} 個あり、見出しより多くなっています`,
  severalRows: (dates) => `次のいずれかが必要です：${dates}`,
  publishLines: (count, all) =>
    count === all ? `${count} 行を公開` : `${all} 行のうち ${count} 行を公開`,
  noLines: "公開できる行がありません",
  linesDone(made, refused, unknown, skipped) {
    const parts = [`公開 ${made} 行`];
    if (refused > 0) parts.push(`拒否 ${refused} 行`);
    if (unknown > 0) parts.push(`不明 ${unknown} 行`);
    if (skipped > 0) parts.push(`未送信 ${skipped} 行`);
    return `${parts.join("、")}。`;
  },
  lineMade: "公開しました",
  lineRefused: (why) => `拒否されました：${why}`,
  lineUnknown: "不明",
  lineSkipped: "送信していません",
  noLineMade: "どの行も公開していません。",
  goBackToText: "テキストに戻る",

  keysTitle: "編集デスクのキー",
  keyTexts: {
    search: "検索",
    move: "一覧の中を移動",
    open: "便を開く",
    escape: "一覧に戻る（入力は残ります）",
    publish: "公開",
    undo: "自分の最後の変更を元に戻す（入力欄の外で）",
    add: "便を追加",
    cancel: "確認してから欠航にする",
    paste: "まとめて貼り付け",
    keys: "このキーの一覧を表示",
    hold: "項目を固定または解除",
  },
};

function by({ publisher, isFeed }: Omit<Origin, "time">): string {
  return isFeed ? `データ元 ${publisher ?? ""}`.trim() : (publisher ?? "");
}

function changedTo(theirs: string | undefined): string {
  return theirs === undefined ? "消去され" : ` ${theirs} に変更され`;
}

function originText({ time, ...who }: Origin): string {
  const name = by(who);
  return (time === undefined ? "" : `${time} に`) + (name === "" ? "" : `${name} により`);
}
