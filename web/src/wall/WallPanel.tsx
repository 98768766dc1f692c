// One board on a wall: its head, a page of its rows, and its foot.

import { useMemo, useState } from "preact/hooks";
import { FollowedHead } from "../BoardHead.tsx";
import { CitiesContext, useCities } from "../cities.ts";
import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { zoneOf } from "../time.ts";
import type { BoardView } from "../useFollowedBoard.ts";
import { hasCall } from "./calls.ts";
import { doubtSince, needsNotice } from "./doubt.ts";
import { passes } from "./filter.ts";
import { useNightlyReload } from "./nightly-reload.ts";
import { usePageTurn } from "./page-turn.ts";
import { pagesOf, pageSpan } from "./pages.ts";
import { RowsOrMessage } from "./RowsOrMessage.tsx";
import type { WallSettings } from "./settings.ts";
import { FullNotice } from "./WallMessage.tsx";
import { WallFoot } from "./WallFoot.tsx";
import { WallRows } from "./WallRows.tsx";
import { CODESHARE_MILLIS } from "./flight-number.tsx";

interface Props {
  view: BoardView;
  titleOf(language: Language): string;
  /** On a page. */
  rows: number;
  settings: WallSettings;
  environment: Environment;
}

export function WallPanel({ view, titleOf, rows: size, settings, environment }: Props) {
  const { clock } = environment;
  useNightlyReload(view, environment);
  const { followed, connection, boardNow, minute, now, lateSource, overdueSince } = view;
  const { board, source, flights } = followed.timetable;
  const [openedAt] = useState(() => clock.now());

  const rows = useMemo(
    () => view.rows.filter(({ flight }) => passes(flight, settings.filter)),
    [view.rows, settings.filter],
  );
  const pages = useMemo(
    () => (board === null ? [] : pagesOf(rows, board, boardNow, size, settings.pages)),
    [rows, board, boardNow, size, settings.pages],
  );
  const { changes } = followed;
  const call = hasCall(changes, pages[0] ?? []) ? changes : null;
  const turn = usePageTurn(clock, pages.length, settings.turnMillis, call);
  const language = settings.languages[turn.count % settings.languages.length]!;
  // Rows may have left since the page was turned.
  const shown = Math.min(turn.page, Math.max(pages.length - 1, 0));
  const page = pages[shown] ?? [];
  const visits = Math.floor(turn.count / Math.max(pages.length, 1));

  const title = titleOf(language);
  const cities = useCities(board, flights, environment);

  const since = doubtSince(
    connection,
    lateSource,
    overdueSince,
    openedAt + (followed.clockOffset ?? 0),
  );
  const hasNotice = needsNotice(since, minute);
  const shownPage = {
    count: pages.length,
    index: shown,
    span: board === null ? undefined : pageSpan(page, board),
    turnMillis: settings.turnMillis,
    turn: turn.count,
  };
  const timeZone = board === null ? undefined : zoneOf(board);
  return (
    <CitiesContext.Provider value={cities}>
      <section class="wall" aria-label={title} lang={language.tag} dir={language.direction}>
        <FollowedHead view={view} title={title} language={language} />
        <RowsOrMessage
          view={view}
          language={language}
          instead={
            hasNotice ? (
              <FullNotice
                since={since}
                text={board?.notice}
                timeZone={timeZone}
                language={language}
              />
            ) : undefined
          }
          isEmpty={page.length === 0}
          rowsOf={(board) => (
            <WallRows
              key={shown}
              board={board}
              all={rows}
              page={page}
              now={boardNow}
              clock={clock}
              language={language}
              highlights={followed.highlights}
              firstNumber={visits * Math.floor(settings.turnMillis / CODESHARE_MILLIS)}
            />
          )}
        />
        <WallFoot
          connection={connection}
          isSourceLate={view.isInDoubt}
          timeZone={timeZone}
          source={source}
          now={now}
          language={language}
          page={hasNotice ? undefined : shownPage}
        />
      </section>
    </CitiesContext.Provider>
  );
}
