// Runs before each test file: a title says subject and expectation, and fits a line of a report.

import { beforeEach } from "vitest";

const MAX_TITLE_WORDS = 8;

beforeEach(({ task }) => {
  const words = task.name.trim().split(/\s+/).length;
  // Titles of tables contain their data.
  if (words > MAX_TITLE_WORDS && task.each !== true)
    throw new Error(`a title of more than ${MAX_TITLE_WORDS} words: ${task.name}`);
});
