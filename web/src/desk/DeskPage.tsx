// The desk of a board, for its publishers: the rows, an editor, and the last changes.

import { useSyncExternalStore } from "preact/compat";
import { useEffect, useMemo, useState } from "preact/hooks";
import { BoardHead } from "../BoardHead.tsx";
import { buildOf } from "../build.ts";
import { CitiesContext, useCities } from "../cities.ts";
import { ConnectionStatus } from "../ConnectionStatus.tsx";
import type { Environment } from "../environment.ts";
import { SearchField } from "../finding/SearchField.tsx";
import type { Language } from "../language/language.ts";
import { boardPath, urlOf } from "../route.ts";
import { StaleNotice } from "../StaleNotice.tsx";
import { zoneOf } from "../time.ts";
import { useFollowedBoard } from "../useFollowedBoard.ts";
import { DeskAccess } from "./DeskAccess.tsx";
import type { DeskLanguage } from "./language/language.ts";
import { NewPage } from "./NewPage.tsx";
import { Notices } from "./Notices.tsx";
import type { DeskContext } from "./RowEditor.tsx";
import { DeskWork } from "./work.ts";
import { Workspace } from "./Workspace.tsx";
import "./desk.css";

interface Props {
  name: string;
  environment: Environment;
  language: Language;
  texts: DeskLanguage;
}

export function DeskPage({ name, environment: own, language, texts }: Props) {
  const [environment, hasNewPage] = useNewPage(own);
  const view = useFollowedBoard(name, environment);
  const { followed, follower, connection, isLive } = view;
  const { board, source, flights, closed } = followed.timetable;
  const cities = useCities(board, flights, environment);
  const work = useMemo(() => new DeskWork(name, environment.clock), [name, environment]);
  const state = useSyncExternalStore(work.subscribe, work.state);
  const [query, setQuery] = useState("");
  const now = followed.clockOffset === undefined ? undefined : view.boardNow;
  const context = useDeskContext(language, texts, now, board, source !== null);
  const title = texts.title(board?.title ?? name);

  const isConnected = connection.status === "live";
  useEffect(() => {
    if (!isConnected) return;
    void work.checkAccess();
    work.repeatAll();
  }, [work, isConnected]);
  useEffect(() => {
    document.title = `${title} · flightboard`;
  }, [title]);

  const hasRows = context && connection.status !== "denied" && closed === null;
  return (
    <CitiesContext.Provider value={cities}>
      <BoardHead board={board ?? undefined} title={title} now={now} language={language}>
        <SearchField query={query} language={language} onSearch={setQuery} />
        <nav class="boards">
          <ul>
            <li>
              <a href={urlOf(boardPath(name))}>{texts.toBoard}</a>
            </li>
          </ul>
        </nav>
        <ConnectionStatus
          connection={connection}
          isSourceLate={view.isInDoubt}
          timeZone={board ? zoneOf(board) : undefined}
          language={language}
          onStop={follower.stop}
          onResume={follower.resume}
          onSignOut={undefined}
        />
      </BoardHead>
      <main class="desk" data-known={isLive ? "" : undefined}>
        {hasNewPage && <NewPage texts={texts} />}
        <Notices state={state} work={work} texts={texts} context={context} />
        <DeskAccess
          name={name}
          connection={connection}
          access={state.access}
          isKnown={context !== undefined}
          language={language}
          texts={texts}
          onToken={(token) => work.signIn(token)}
          onSignIn={async (token) => {
            const refusal = await environment.signIn(token);
            if (refusal !== undefined) return refusal;
            await work.signIn(token);
            await follower.changeAccess();
            return undefined;
          }}
        />
        {hasRows && (
          <>
            <Workspace
              view={view}
              context={context}
              query={query}
              work={work}
              state={state}
              clock={environment.clock}
            />
            <StaleNotice
              connection={connection}
              lateSource={view.lateSource}
              overdueSince={view.overdueSince}
              timeZone={zoneOf(context.board)}
              language={language}
            />
          </>
        )}
      </main>
    </CitiesContext.Provider>
  );
}

/** A reload would lose typed text and the token: here a person chooses the moment. */
function useNewPage(own: Environment): [Environment, boolean] {
  const [hasNewPage, setNewPage] = useState(false);
  const environment = useMemo(() => {
    const build = buildOf(document);
    const onBuild = (other: string) => setNewPage(build !== undefined && other !== build);
    return { ...own, onBuild };
  }, [own]);
  return [environment, hasNewPage];
}

/** The same object until a part of it changes. */
function useDeskContext(
  language: Language,
  texts: DeskLanguage,
  now: number | undefined,
  board: DeskContext["board"] | null,
  holdsByDefault: boolean,
): DeskContext | undefined {
  return useMemo(
    () => (board ? { board, language, texts, holdsByDefault, now } : undefined),
    [board, language, texts, holdsByDefault, now],
  );
}
