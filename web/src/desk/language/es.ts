import type { DeskLanguage, Origin } from "./language.ts";

export const es: DeskLanguage = {
  title: (board) => `Puesto de edición: ${board}`,
  toBoard: "Al panel",
  flights: "Vuelos",
  pick: "Elija un vuelo",
  pickHint:
    "Pulse / para buscar, las flechas para moverse e Intro para abrir un vuelo. La tecla ? muestra todas.",
  notFound: "Ningún vuelo coincide",

  add: "Añadir un vuelo",
  paste: "Pegar varios",
  undo: "Deshacer",
  keys: "Teclas",
  number: "Número de vuelo",
  date: "Fecha",
  leg: "Tramo",
  legHint: "Solo si el número vuela dos veces ese día",
  moreFields: "Más campos",
  timeHint: "20:45, 0015 +1 para el día siguiente, o +25 para 25 minutos de retraso",
  publish: "Publicar",
  publishing: "Publicando",
  discard: "Descartar",
  back: "Volver a la lista",
  cancelFlight: "Cancelar el vuelo",
  cancelQuestion: (flight, place, time) =>
    `¿Cancelar ${[flight, place, time].filter(Boolean).join(", ")}? Todas las pantallas lo muestran al instante.`,
  cancelYes: (flight) => `Sí, cancelar ${flight}`,
  goBack: "No, volver",
  was: (value) => `antes: ${value}`,
  nothing: "nada",
  means: (day, time, difference) => [`${day}, ${time}`, difference].filter(Boolean).join(" · "),
  reason(reason) {
    switch (reason.reason) {
      case "tooLong":
        return `como máximo ${reason.max} caracteres`;
      case "tooMany":
        return `como máximo ${reason.max} elementos`;
      case "control":
        return "sin caracteres de control";
      case "number":
        return "un número de vuelo como BA117";
      case "leg":
        return "solo letras, cifras y - . _ :";
      case "date":
        return "una fecha como 2026-11-22";
      case "time":
        return "una hora como 20:45";
      case "skipped":
        return "esa hora no existe ese día: el reloj se adelanta";
      case "future":
        return "una hora real no puede estar en el futuro";
      case "noSchedule":
        return "se cuenta desde la hora programada, y no la hay";
    }
  },

  holdWhole: "Retener todo el vuelo",
  hold: (field) => `Retener ${field}`,
  held: "Retenido: las fuentes no lo cambian",
  released: "Sin retener: una fuente puede cambiarlo",
  heldField: (field) => `${field}: retenido`,
  releasedField: (field) => `${field}: liberado`,
  holdsByDefault: (source) =>
    `Las filas vienen de ${source}. Un campo que usted cambia queda retenido hasta que lo libere con el candado de al lado.`,
  holdsByChoice:
    "Ninguna fuente se ha anunciado en este panel. El candado retiene un campo frente a las fuentes.",
  draft: "sin publicar",

  changed: (field, theirs, origin) => `${field}: ${changedTo(theirs)}${originText(origin)}.`,
  changedWhile: (field, theirs, mine, origin) =>
    `${field}: ${changedTo(theirs)}${originText(origin)} mientras usted escribía ${mine}.`,
  keepTheirs: "Dejar el otro",
  putMine: "Poner el mío",
  leftBoard: "ha salido del panel, con texto sin publicar",
  draftOfRemoved: "Este vuelo ha salido del panel. Lo que escribió sigue aquí.",
  solveFirst: "Otra persona ha cambiado lo mismo. Elija el valor que queda y vuelva a publicar.",
  fixFirst: "No hecho: corrija primero los campos marcados.",
  noChange: "No hay nada que publicar: todo es igual que en el panel.",

  made: (flight, what) => `Hecho: ${flight}, ${what}.`,
  added: (flight) => `Hecho: se ha añadido ${flight}.`,
  undone: (flight) => `Hecho: se ha deshecho el cambio de ${flight}.`,
  unchanged: (flight) => `${flight} ya está así.`,
  notMade: (flight, why) => `No hecho: ${flight}. ${why}`,
  whyUnreachable: "El servidor no responde. Lo que escribió se conserva.",
  whyToken: "El servidor pide un token con permiso para publicar. Lo que escribió se conserva.",
  whyRefused: "El servidor lo ha rechazado:",
  whyGone: "El vuelo ya no está en el panel.",
  whyExists: "Ya hay un vuelo con este número y esta fecha. Ábralo y cámbielo.",
  whyOvertaken: "El vuelo ha cambiado mientras tanto. Mírelo y vuelva a publicar.",
  whyConflict: "Otra persona ha cambiado lo mismo.",
  unknown: (flight) => `Desconocido: si se ha hecho el cambio de ${flight}.`,
  unknownRepeats:
    "El servidor no ha respondido. Repetir es seguro: el cambio se hace una vez como máximo.",
  repeat: "Repetir",
  repeating: "Repitiendo",
  nothingToUndo: "No hay nada que deshacer.",
  waitsForOutcome: "Aún no se conoce el resultado del último cambio.",

  tokenNeeded: "Para publicar hace falta un token",
  tokenHelp:
    "Permanece en esta página hasta que se cierre o se recargue. No está en ninguna dirección ni en el almacenamiento del navegador.",
  token: "Token",
  signIn: "Iniciar sesión",
  mayNot: "Esta página no puede publicar aquí",
  newPage: "El servidor tiene una versión nueva de esta página.",
  reload: "Cargarla",

  yourChanges: "Sus cambios",
  lastChanges: "Últimos cambios",
  noHistory: "Este servidor no tiene lista de cambios. Estos son los que ha visto esta página.",
  historySilent: "La lista de cambios no responde. Estos son los que ha visto esta página.",
  noChanges: "Ninguno todavía",
  cleared: (field) => `${field}: vaciado`,
  addition: "añadido",
  removal: "quitado",
  by,

  pasteHelp: (headings) =>
    `Copie filas de una hoja de cálculo, con una línea de encabezados primero, como ${headings}. Una celda vacía no cambia nada; un solo - vacía el campo.`,
  pasteLabel: "Filas con encabezados",
  pasteHold: "Retener los campos pegados frente a las fuentes",
  line: "Línea",
  newFlight: "nuevo",
  noEffect: "sin cambios",
  fieldReason: (field, reason) => `${field}: ${reason}`,
  unknownColumn: (heading) => `«${heading}» no es ningún campo`,
  doubleColumn: (heading) => `«${heading}» aparece dos veces`,
  noFlightColumn: (heading) => `Falta la columna ${heading} en los encabezados`,
  doubleLine: (line) => `el mismo vuelo que en la línea ${line}`,
  tooManyCells: (cells) => `${cells} celdas, más que encabezados`,
  severalRows: (dates) => `es necesario, uno de ${dates}`,
  publishLines: (count, all) =>
    count === all
      ? `Publicar ${count === 1 ? "1 línea" : `${count} líneas`}`
      : `Publicar ${count} de ${all} líneas`,
  noLines: "No se puede publicar ninguna línea",
  linesDone(made, refused, unknown, skipped) {
    const parts = [`publicadas: ${made}`];
    if (refused > 0) parts.push(`rechazadas: ${refused}`);
    if (unknown > 0) parts.push(`desconocidas: ${unknown}`);
    if (skipped > 0) parts.push(`no enviadas: ${skipped}`);
    return `Líneas ${parts.join(", ")}.`;
  },
  lineMade: "publicada",
  lineRefused: (why) => `rechazada: ${why}`,
  lineUnknown: "desconocida",
  lineSkipped: "no enviada",
  noLineMade: "No se ha publicado ninguna línea.",
  goBackToText: "Volver al texto",

  keysTitle: "Teclas del puesto de edición",
  keyTexts: {
    search: "buscar",
    move: "moverse por la lista",
    open: "abrir el vuelo",
    escape: "volver a la lista, lo escrito se conserva",
    publish: "publicar",
    undo: "deshacer su último cambio, fuera de los campos de texto",
    add: "añadir un vuelo",
    cancel: "cancelar el vuelo, tras una pregunta",
    paste: "pegar varias filas",
    keys: "mostrar estas teclas",
    hold: "retener o liberar el campo",
  },
};

function by({ publisher, isFeed }: Omit<Origin, "time">): string {
  return isFeed ? `fuente ${publisher ?? ""}`.trim() : (publisher ?? "");
}

function changedTo(theirs: string | undefined): string {
  return theirs === undefined ? "vaciado" : `cambiado a ${theirs}`;
}

function originText({ time, ...who }: Origin): string {
  const name = by(who);
  return (time === undefined ? "" : ` a las ${time}`) + (name === "" ? "" : ` por ${name}`);
}
