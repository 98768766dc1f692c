// The head of the desk: its board and time, the search, and whether its rows are right.

import { useEffect } from "preact/hooks";
import { SearchField } from "../finding/SearchField.tsx";
import type { Language } from "../language/language.ts";
import { PartHead } from "../PartHead.tsx";
import { boardPath, urlOf } from "../route.ts";
import type { FollowedBoard } from "../useFollowedBoard.ts";
import type { DeskLanguage } from "./language/language.ts";

interface Props {
  name: string;
  view: FollowedBoard;
  query: string;
  language: Language;
  texts: DeskLanguage;
  onSearch(query: string): void;
}

export function DeskHead({ name, view, query, language, texts, onSearch }: Props) {
  const title = texts.title(view.followed.timetable.board?.title ?? name);
  useEffect(() => {
    document.title = `${title} · flightboard`;
  }, [title]);
  return (
    <PartHead
      view={view}
      title={title}
      language={language}
      boardUrl={urlOf(boardPath(name))}
      toBoard={texts.toBoard}
    >
      <SearchField query={query} language={language} onSearch={onSearch} />
    </PartHead>
  );
}
