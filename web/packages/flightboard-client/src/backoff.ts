// How long to wait before the next attempt, so that thousands of screens that lost the server in the same second
// do not return in the same second, and a server that is away is asked less and less.

/** The longest first wait, as long as the longest usual `retry:` of the server. */
export const FIRST_BACKOFF_MILLIS = 5_000;
export const MAX_BACKOFF_MILLIS = 30_000;
/** The shortest wait as a part of the longest: the rest is random. */
const FIXED_SHARE = 0.2;

/** The wait before an attempt that follows on others without success. `random` is from 0 (inclusive) to 1 (exclusive). */
export function backoff(attempts: number, random: number): number {
  const longest = Math.min(MAX_BACKOFF_MILLIS, FIRST_BACKOFF_MILLIS * 2 ** attempts);
  return spread(longest, FIXED_SHARE, random);
}

/** From `share` of `longest` up to all of it. */
export function spread(longest: number, share: number, random: number): number {
  return longest * (share + (1 - share) * random);
}
