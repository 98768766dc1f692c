// A link as a QR code: on the screen when a reader asks for it, and always on paper.

import { useMemo, useState } from "preact/hooks";
import qrcode from "qrcode-generator";
import { Icon } from "../Icon.tsx";
import type { Language } from "../language/language.ts";

/** Cells of light around the code, which scanners need. */
const MARGIN = 4;

export function QrCode({ link, language }: { link: string; language: Language }) {
  const [isShown, setShown] = useState(false);
  const { size, path } = useMemo(() => cellsOf(link), [link]);
  return (
    <div class="qr">
      <button type="button" aria-expanded={isShown} onClick={() => setShown(!isShown)}>
        <Icon name="qr" />
        {language.qrCode}
      </button>
      <svg
        role="img"
        aria-label={link}
        viewBox={`${-MARGIN} ${-MARGIN} ${size + 2 * MARGIN} ${size + 2 * MARGIN}`}
        data-shown={isShown ? "" : undefined}
      >
        <rect x={-MARGIN} y={-MARGIN} width="100%" height="100%" fill="#ffffff" />
        <path d={path} fill="#000000" />
      </svg>
    </div>
  );
}

/** The dark cells as squares of a path. A code of this level can lose 15 % of its cells. */
function cellsOf(link: string): { size: number; path: string } {
  const code = qrcode(0, "M");
  code.addData(link);
  code.make();
  const size = code.getModuleCount();
  const all = Array.from({ length: size * size }, (_, index) => [
    index % size,
    Math.floor(index / size),
  ]);
  const dark = all.filter(([x, y]) => code.isDark(y!, x!));
  return { size, path: dark.map(([x, y]) => `M${x} ${y}h1v1h-1z`).join("") };
}
