// `/boards/{board}/punctuality`: the punctuality of the flights of some days, in figures and plots.

import { useEffect, useMemo, useState } from "preact/hooks";
import { CitiesContext, useCities } from "../cities.ts";
import { PartHead } from "../PartHead.tsx";
import { AbsentBoard, ClosedBoard } from "../EmptyBoard.tsx";
import type { Environment } from "../environment.ts";
import type { Language } from "../language/language.ts";
import { boardPath, pageUrl } from "../route.ts";
import { SignIn } from "../SignIn.tsx";
import { zoneOf } from "../time.ts";
import { useFollowedBoard, type FollowedBoard } from "../useFollowedBoard.ts";
import { CountedFlights } from "./CountedFlights.tsx";
import { DaysForm } from "./DaysForm.tsx";
import type { PunctualityTexts } from "./language/language.ts";
import { areCountable, choiceOf, daysOf, MAX_DAYS, spanOf, urlWith, type Choice } from "./span.ts";
import { usePunctuality } from "./usePunctuality.ts";
import "./punctuality.css";

interface Props {
  name: string;
  environment: Environment;
  language: Language;
  texts: PunctualityTexts;
}

export function PunctualityPage({ name, environment, language, texts }: Props) {
  const view = useFollowedBoard(name, environment);
  const { followed, connection } = view;
  const board = followed.timetable.board ?? undefined;
  const cities = useCities(board ?? null, followed.timetable.flights, environment);
  const title = texts.title(board?.title ?? name);
  useEffect(() => {
    document.title = `${title} · flightboard`;
  }, [title]);
  const signIn = async (token: string) => {
    const refusal = await environment.signIn(token);
    if (refusal === undefined) await view.follower.changeAccess();
    return refusal;
  };
  return (
    <CitiesContext.Provider value={cities}>
      <Head {...{ name, view, title, language, texts }} />
      <main class="punctuality" data-known="">
        {connection.status === "denied" ? (
          <SignIn
            hadRows={connection.hadRows}
            detail={connection.detail}
            language={language}
            onSignIn={signIn}
          />
        ) : connection.status === "closed" ? (
          <ClosedBoard reason={connection.reason} language={language} />
        ) : connection.status === "absent" && !board ? (
          <AbsentBoard name={name} language={language} />
        ) : board ? (
          <Days
            name={name}
            zone={zoneOf(board)}
            minute={view.minute}
            isPaused={connection.status === "stopped"}
            {...{ title, environment, language, texts }}
          />
        ) : (
          <p class="waiting">{language.placeholder.waiting}</p>
        )}
      </main>
    </CitiesContext.Provider>
  );
}

interface HeadProps extends Omit<Props, "environment"> {
  view: FollowedBoard;
  title: string;
}

function Head({ name, view, title, language, texts }: HeadProps) {
  return (
    <PartHead
      view={view}
      title={title}
      language={language}
      boardUrl={pageUrl(boardPath(name))}
      toBoard={texts.toBoard}
    />
  );
}

interface DaysProps extends Props {
  title: string;
  zone: string;
  /** By the server's clock. */
  minute: number;
  /** The reader has stopped updates. */
  isPaused: boolean;
}

/** The choice of days, and their flights. */
function Days(props: DaysProps) {
  const { name, title, zone, minute, isPaused, environment, language, texts } = props;
  const [choice, setChoice] = useState(() => choiceOf(window.location.search));
  const choose = (next: Choice) => {
    window.history.replaceState(window.history.state, "", urlWith(window.location.href, next));
    setChoice(next);
  };
  const { first, last } = daysOf(choice, minute, zone);
  const isCountable = areCountable({ first, last });
  const span = useMemo(
    () => (isCountable ? spanOf({ first, last }, zone) : undefined),
    [first, last, zone, isCountable],
  );
  const counted = usePunctuality(name, span, environment.clock, { now: minute, isPaused });
  return (
    <>
      <DaysForm choice={choice} days={{ first, last }} texts={texts} onChoose={choose} />
      {span === undefined ? (
        <p class="punctuality-note" role="alert">
          {texts.badDays(MAX_DAYS)}
        </p>
      ) : (
        <CountedFlights {...{ counted, span, title, zone, language, texts }} />
      )}
    </>
  );
}
