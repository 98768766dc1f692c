// The boards to choose from. Real links: they can be opened in a tab of their own, or shared.

import { useEffect, useRef, type MouseEvent } from "react";
import { boardPath } from "./api.ts";
import type { ListedBoard } from "./flight.ts";

interface Props {
  boards: readonly ListedBoard[];
  chosen: string;
  onChoose(board: string): void;
}

export function Chooser({ boards, chosen, onChoose }: Props) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the strip is wider than the screen. Not scrollIntoView, which would move the page too.
    const link = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (!nav.current || !link) return;
    nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2;
  }, [chosen, boards.length]);

  const choose = (event: MouseEvent, board: string) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onChoose(board);
  };
  return (
    <nav ref={nav} className="boards" aria-label="Boards">
      <ul>
        {boards.map(({ name, title, closed }) => (
          <li key={name}>
            <a
              href={boardPath(name)}
              aria-current={name === chosen ? "page" : undefined}
              data-board={name}
              onClick={(event) => choose(event, name)}
            >
              {title}
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
