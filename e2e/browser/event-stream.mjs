// The text of an event stream.

/** Splits the text of a stream into events, each with the empty line at its end. */
export async function* events(text) {
  let rest = "";
  for await (const part of text) {
    const blocks = (rest + part).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) yield `${block}\n\n`;
  }
}
