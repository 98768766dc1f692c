// Build of the example in React, with the package as npm has it.

import { defineConfig } from "vite";

export default defineConfig({
  build: { rolldownOptions: { input: "react.html" } },
});
