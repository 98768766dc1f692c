// Links to all boards. They are real links, so that they can be opened in a new tab or shared.

import { useEffect, useMemo, useRef, type MouseEvent } from "react";
import type { ListedBoard } from "./flight.ts";
import { qualifiersOf } from "./labels.ts";
import { boardPath, urlOf } from "./route.ts";

interface Props {
  boards: readonly ListedBoard[];
  current: string;
  onPick(board: string): void;
}

export function BoardPicker({ boards, current, onPick }: Props) {
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
    <nav ref={nav} className="boards" aria-label="Boards">
      <ul>
        {boards.map(({ name, title, closed }) => (
          <li key={name}>
            <a
              href={urlOf(boardPath(name))}
              aria-current={name === current ? "page" : undefined}
              data-board={name}
              onClick={(event) => pick(event, name)}
            >
              <bdi>{title}</bdi>
              {qualifiers.has(name) && (
                <>
                  {" "}
                  <bdi className="qualifier">{qualifiers.get(name)}</bdi>
                </>
              )}
              {closed && (
                <>
                  {" "}
                  <span className="closed">closed</span>
                </>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
