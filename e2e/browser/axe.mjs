// The rules of axe-core on a page.

import { readFile } from "node:fs/promises";

const axe = await readFile(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** The broken rules, each with the HTML of an element and the reason. */
export async function violations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    await document.fonts.ready;
    // Firefox does not take the wish for less motion from a test, and colours on the way break rules.
    document.getAnimations().forEach((animation) => animation.cancel());
    const { violations } = await window.axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
    );
  });
}
