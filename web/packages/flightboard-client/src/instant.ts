// Reads the instants that the server sends.

/** RFC 3339 to milliseconds. A time without an offset is rejected, since the browser's zone must not decide. */
export function parseInstant(time: string | undefined): number | undefined {
  const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*([Zz]|[+-]\d{2}:\d{2})$/;
  if (time === undefined || !rfc3339.test(time)) return undefined;
  const instant = Date.parse(time);
  return Number.isNaN(instant) ? undefined : instant;
}
