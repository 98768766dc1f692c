// The head of a page about one board: its title and time, the way to the board, and whether its rows are right.

import type { ComponentChildren } from "preact";
import { FollowedHead } from "./BoardHead.tsx";
import { ConnectionStatus } from "./ConnectionStatus.tsx";
import type { Language } from "./language/language.ts";
import type { FollowedBoard } from "./useFollowedBoard.ts";

interface Props {
  view: FollowedBoard;
  title: string;
  language: Language;
  /** The URL of the board, and the text of the link to it. */
  boardUrl: string;
  toBoard: string;
  children?: ComponentChildren;
}

export function PartHead({ view, title, language, boardUrl, toBoard, children }: Props) {
  return (
    <FollowedHead view={view} title={title} language={language}>
      {children}
      <nav class="boards" aria-label={language.boards.label}>
        <ul>
          <li>
            <a href={boardUrl}>{toBoard}</a>
          </li>
        </ul>
      </nav>
      <ConnectionStatus view={view} language={language} />
    </FollowedHead>
  );
}
