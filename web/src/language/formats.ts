// The forms of dates, times and counts that the browser has for each locale.

type Forms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

export interface Formats {
  shortDate(wall: number): string;
  longDate(wall: number): string;
  dayOfMonth(wall: number): string;
  ago(count: number, unit: "minute" | "hour" | "day"): string;
  inMinutes(minutes: number): string;
  duration(minutes: number): string;
  /** The form for the count, with the count in place of each `#`. */
  plural(count: number, forms: Forms): string;
}

interface UnitStyle {
  /** A language without known abbreviations spells units out. */
  readonly width?: "short" | "long";
  /** Between hours and minutes. */
  readonly and?: string;
}

export function formatsOf(locale: string, { width = "short", and = " " }: UnitStyle = {}): Formats {
  const numeric = "always";
  const ago = lazily(() => new Intl.RelativeTimeFormat(locale, { numeric }));
  const soon = lazily(() => new Intl.RelativeTimeFormat(locale, { numeric, style: width }));
  const rules = lazily(() => new Intl.PluralRules(locale));
  const hoursOf = unitFormat(locale, "hour", width);
  const minutesOf = unitFormat(locale, "minute", width);
  return {
    shortDate: dateFormat(locale, { weekday: "short", day: "numeric", month: "short" }),
    longDate: dateFormat(locale, { weekday: "long", day: "numeric", month: "long" }),
    dayOfMonth: dateFormat(locale, { day: "numeric", month: "short" }),
    ago: (count, unit) => ago().format(-count, unit),
    inMinutes: (minutes) => soon().format(minutes, "minute"),
    duration(minutes) {
      const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
      const parts = [hours > 0 && hoursOf(hours), (rest > 0 || hours === 0) && minutesOf(rest)];
      return parts.filter(Boolean).join(and);
    },
    plural: (count, forms) =>
      (forms[rules().select(count)] ?? forms.other).replaceAll("#", String(count)),
  };
}

/** Formats the milliseconds since 1970 on a clock of no zone. */
function dateFormat(locale: string, options: Intl.DateTimeFormatOptions): (wall: number) => string {
  const format = lazily(() => new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }));
  return (wall) => format().format(wall);
}

function unitFormat(
  locale: string,
  unit: string,
  unitDisplay: "short" | "long",
): (count: number) => string {
  const format = lazily(() => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay }));
  return (count) => format().format(count);
}

/** Some milliseconds for each formatter, which a slow phone would have to wait for before its first rows. */
function lazily<Formatter>(make: () => Formatter): () => Formatter {
  let made: Formatter | undefined;
  return () => (made ??= make());
}
