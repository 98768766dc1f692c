// Links to all boards. They are real links, so that they can be opened in a new tab or shared.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ListedBoard } from "flightboard-client";
import type { Language } from "./language/language.ts";
import { Foreign } from "./Foreign.tsx";
import { qualifiersOf } from "./labels.ts";
import { boardPath, pageUrl } from "./route.ts";

interface Props {
  boards: readonly ListedBoard[];
  current: string;
  language: Language;
  /** Whether the rows of a board may be outdated, because its source is late. */
  isLate(board: ListedBoard): boolean;
  onPick(board: string): void;
}

export function BoardPicker({ boards, current, language, isLate, onPick }: Props) {
  const nav = useRef<HTMLElement>(null);
  const qualifiers = useMemo(() => qualifiersOf(boards), [boards]);
  useEffect(() => {
    // On a phone the strip is wider than the screen. scrollIntoView would also scroll the page.
    const link = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (!nav.current || !link) return;
    nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2;
  }, [current, boards.length]);

  const pick = (event: MouseEvent, board: string) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onPick(board);
  };
  return (
    <nav ref={nav} class="boards" aria-label={language.boards.label}>
      <ul>
        {boards.map((board) => (
          <li key={board.name}>
            <a
              href={pageUrl(boardPath(board.name))}
              aria-current={board.name === current ? "page" : undefined}
              data-board={board.name}
              onClick={(event) => pick(event, board.name)}
            >
              <Foreign text={board.title} />
              <Aside>{qualifiers.has(board.name) && <bdi>{qualifiers.get(board.name)}</bdi>}</Aside>
              <Aside>{board.closed && language.boards.closed}</Aside>
              <Aside>{!board.closed && isLate(board) && language.boards.outdated}</Aside>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Aside({ children }: { children: ComponentChildren }) {
  return (
    children && (
      <>
        {" "}
        <span class="aside">{children}</span>
      </>
    )
  );
}
