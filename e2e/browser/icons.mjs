// Draws the icons of the installed page from its SVG: `npm run icons` writes `web/src/icons/`.

import { readFile, writeFile } from "node:fs/promises";
import { launch } from "./chromium.mjs";

const web = new URL("../../web/src/", import.meta.url);

/** Systems cut a maskable icon to a circle of 80 % of its width, so its picture is smaller and its ground has no corners. */
const ICONS = [
  { file: "icon-192.png", size: 192, isWhole: true },
  { file: "icon-512.png", size: 512, isWhole: true },
  { file: "maskable-512.png", size: 512, isWhole: false },
  { file: "apple-touch-icon.png", size: 180, isWhole: false },
];

/** Runs in the page. */
async function draw({ svg, size, isWhole }) {
  const image = new Image();
  const square = svg.replace(/ rx="[^"]*"/, "");
  image.src = `data:image/svg+xml,${encodeURIComponent(isWhole ? svg : square)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext("2d");
  if (!isWhole) {
    context.fillStyle = /<rect[^>]* fill="([^"]*)"/.exec(svg)[1];
    context.fillRect(0, 0, size, size);
  }
  const inner = isWhole ? size : 0.8 * size;
  context.drawImage(image, (size - inner) / 2, (size - inner) / 2, inner, inner);
  return canvas.toDataURL("image/png").split(",")[1];
}

const svg = await readFile(new URL("icon.svg", web), "utf8");
const browser = await launch();
const page = await browser.newPage();
for (const { file, ...icon } of ICONS) {
  const content = await page.evaluate(draw, { svg, ...icon });
  await writeFile(new URL(`icons/${file}`, web), Buffer.from(content, "base64"));
}
await browser.close();
