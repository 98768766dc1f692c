// The rows on a screen.

/** The flights of rows that are wholly on the screen, from top to bottom. */
export const onScreen = (page) =>
  page.locator("[data-flight]").evaluateAll((rows) =>
    rows
      .filter((row) => {
        const { top, bottom, height } = row.getBoundingClientRect();
        return height > 0 && top >= 0 && bottom <= window.innerHeight;
      })
      .map(({ dataset }) => dataset.flight),
  );
