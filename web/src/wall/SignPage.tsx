// `/gates/{gate}` and `/belts/{belt}`: one large sign of the next flight there, and of the later ones.

import type { Board } from "flightboard-client";
import { useState } from "preact/hooks";
import { BoardClock } from "../BoardHead.tsx";
import { CitiesContext, useCities } from "../cities.ts";
import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { StaleNotice } from "../StaleNotice.tsx";
import { zoneOf } from "../time.ts";
import { doubtSince, needsNotice } from "./doubt.ts";
import { useUsualRows } from "./screen-shape.ts";
import type { Sign } from "./sign.ts";
import { SignRows } from "./SignRows.tsx";
import { MAX_FOLLOWED } from "./useFollowers.ts";
import { useSign } from "./useSign.ts";
import { useWallSettings } from "./useWallSettings.ts";
import { WallFoot } from "./WallFoot.tsx";
import { WallFrame } from "./WallFrame.tsx";
import { FullNotice, WallMessage } from "./WallMessage.tsx";

/** The next flight takes the room of four rows. */
const NEXT_ROWS = 4;
const LANDSCAPE_ROWS = 7;
const PORTRAIT_ROWS = 16;

export function SignPage({ environment, ...sign }: Sign & { environment: Environment }) {
  const { clock } = environment;
  const settings = useWallSettings();
  const language = settings.languages[0]!;
  const { wall } = language;
  const usualRows = useUsualRows(LANDSCAPE_ROWS, PORTRAIT_ROWS);
  const size = settings.rows ?? usualRows;
  const [openedAt] = useState(() => clock.now());

  const view = useSign(sign, settings.airport, environment);
  const { followed, rows, board, offset, minute, connection, lateSource, overdueSince } = view;
  const flights = new Map(rows.map(({ row: { key, flight } }) => [key, flight]));
  const cities = useCities(board ?? null, flights, environment);
  const title = sign.field === "gate" ? wall.gate(sign.value) : wall.belt(sign.value);
  const since = doubtSince(connection, lateSource, overdueSince, openedAt + (offset ?? 0));
  const isInDoubt = lateSource !== undefined || overdueSince !== undefined;
  const isLive = connection.status === "live" && !isInDoubt;
  const timeZone = board && zoneOf(board);
  const sources = followed.map(({ timetable }) => timetable.source);
  const message = view.isTooMany
    ? wall.tooManyBoards(MAX_FOLLOWED)
    : view.isAbsent
      ? wall.absent
      : rows.length === 0
        ? isLive
          ? wall.noFlights
          : wall.waiting
        : undefined;
  return (
    <CitiesContext.Provider value={cities}>
      <WallFrame clock={clock} rows={size} theme={settings.theme} language={language} title={title}>
        <section class="wall sign" aria-label={title} lang={language.tag} dir={language.direction}>
          <SignHead
            title={title}
            board={board}
            now={offset === undefined ? undefined : (rows[0]?.now ?? minute)}
            language={language}
          />
          <div class="rows" data-known={isLive ? "" : undefined}>
            {needsNotice(since, minute) ? (
              <FullNotice
                since={since}
                text={board?.notice}
                timeZone={timeZone}
                language={language}
              />
            ) : message !== undefined ? (
              <WallMessage title={message} />
            ) : (
              <SignRows
                rows={rows.slice(0, 1 + Math.max(size - NEXT_ROWS, 0))}
                clock={clock}
                language={language}
                followed={followed}
              />
            )}
            {timeZone !== undefined && (
              <StaleNotice
                connection={connection}
                lateSource={lateSource}
                overdueSince={overdueSince}
                timeZone={timeZone}
                language={language}
                isKept={view.isKept}
              />
            )}
          </div>
          <WallFoot
            connection={connection}
            isSourceLate={isInDoubt}
            timeZone={timeZone}
            source={sources.find((source) => source !== null) ?? null}
            now={view.now}
            language={language}
          />
        </section>
      </WallFrame>
    </CitiesContext.Provider>
  );
}

interface HeadProps {
  title: string;
  board: Board | undefined;
  /** The time at which the board is read, if it is known. */
  now: number | undefined;
  language: Language;
}

function SignHead({ title, board, now, language }: HeadProps) {
  return (
    <header class="head">
      <div class="heading">
        <h1 dir="auto">{title}</h1>
      </div>
      <BoardClock board={board ?? undefined} now={now} language={language} />
    </header>
  );
}
