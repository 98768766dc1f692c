// Compares event ids, `<epoch>-<sequence>`.

export function isAfter(id: string, other: string): boolean {
  return sequenceOf(id) > sequenceOf(other);
}

/** A sequence number identifies an event only within its epoch, one unbroken run of writing. */
export function sameEpoch(id: string, other: string): boolean {
  return epochOf(id) === epochOf(other);
}

/** Whether it is a later id of the same epoch. */
export function follows(id: string, other: string): boolean {
  return sameEpoch(id, other) && isAfter(id, other);
}

function epochOf(id: string): string {
  return id.slice(0, id.indexOf("-"));
}

/** 0, which precedes the first event, for an empty or malformed id. */
function sequenceOf(id: string): number {
  const sequence = /^[0-9a-f]+-(\d+)$/.exec(id)?.[1];
  return sequence === undefined ? 0 : Number(sequence);
}
