// The desk of a board, for its publishers: the rows, an editor, and the last changes.

import { useSyncExternalStore } from "preact/compat";
import { useEffect, useMemo, useState } from "preact/hooks";
import { buildOf } from "../build.ts";
import { CitiesContext, useCities } from "../cities.ts";
import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { doubtOf, StaleNotice } from "../StaleNotice.tsx";
import { boardTimeOf, useFollowedBoard } from "../useFollowedBoard.ts";
import type { DeskContext } from "./context.ts";
import { DeskAccess } from "./DeskAccess.tsx";
import { DeskHead } from "./DeskHead.tsx";
import type { DeskLanguage } from "./language/language.ts";
import { NewPage } from "./NewPage.tsx";
import { Notices } from "./Notices.tsx";
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
  const context = useDeskContext(language, texts, boardTimeOf(view), board, source !== null);

  useReturn(work, connection.status === "live");
  const signIn = async (token: string) => {
    const refusal = await environment.signIn(token);
    if (refusal !== undefined) return refusal;
    await work.signIn(token);
    await follower.changeAccess();
    return undefined;
  };
  const hasRows = context && connection.status !== "denied" && closed === null;
  return (
    <CitiesContext.Provider value={cities}>
      <DeskHead
        name={name}
        view={view}
        query={query}
        language={language}
        texts={texts}
        onSearch={setQuery}
      />
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
          onSignIn={signIn}
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
            <StaleNotice {...doubtOf(view, context.board, language)} />
          </>
        )}
      </main>
    </CitiesContext.Provider>
  );
}

/** Once the server answers, it is asked for the right to publish, and for the outcomes that are not known. */
function useReturn(work: DeskWork, isConnected: boolean): void {
  useEffect(() => {
    if (!isConnected) return;
    void work.checkAccess();
    work.repeatAll();
  }, [work, isConnected]);
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
