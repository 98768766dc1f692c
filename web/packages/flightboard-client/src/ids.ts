// Compares event ids, `<epoch>-<sequence>`.

export function isAfter(id: string, other: string): boolean {
  return sequenceOf(id) > sequenceOf(other);
}

/** A sequence number identifies an event only within its epoch, one unbroken run of writing. */
export function sameEpoch(id: string, other: string): boolean {
  return id.split("-")[0] === other.split("-")[0];
}

/** Whether it is a later id of the same epoch. */
export function follows(id: string, other: string): boolean {
  return sameEpoch(id, other) && isAfter(id, other);
}

/** 0, which precedes the first event, for an empty or malformed id. */
function sequenceOf(id: string): number {
  return +(id.split("-")[1] as string) || 0;
}
