// Event ids, `<epoch>-<sequence>`, as far as the page looks into them: which of two comes later.

export function isAfter(id: string, other: string): boolean {
  return sequenceOf(id) > sequenceOf(other);
}

/** One epoch is one unbroken run of writing: only within it does a number name one event. */
export function sameEpoch(id: string, other: string): boolean {
  return epochOf(id) === epochOf(other);
}

function epochOf(id: string): string {
  return id.slice(0, id.indexOf("-"));
}

/** 0 where there is none, which is before the first. */
function sequenceOf(id: string): number {
  const sequence = /^[0-9a-f]+-(\d+)$/.exec(id)?.[1];
  return sequence === undefined ? 0 : Number(sequence);
}
