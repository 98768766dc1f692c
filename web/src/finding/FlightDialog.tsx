// The flight that the URL names: its details, a choice where a number flies on several days, or that it is not there.

import { keyOf, realClock, type FlightKey } from "flightboard-client";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { NotifyButton } from "../following/NotifyButton.tsx";
import type { Followed } from "../following/useFollowed.ts";
import { Icon } from "../Icon.tsx";
import { FlightSheet, type SheetContext } from "../rows/FlightSheet.tsx";
import type { SortedRow } from "../rows/order.ts";
import { Sheet } from "../rows/Sheet.tsx";
import { dayAndTime, wallMillis, zoneOf } from "../time.ts";
import { loadPart } from "../usePart.ts";
import { rowsOfFlight } from "./rows-of-flight.ts";
import { chooseFlight, closeFlight, flightLink } from "./useWantedFlight.ts";

interface Props {
  wanted: FlightKey;
  rows: readonly SortedRow[];
  context: SheetContext;
  followed: Followed;
  /** Set while the rows are of the past: their time. */
  pastTime: number | undefined;
  /** The notice that the rows may be outdated. */
  notice: ComponentChildren;
}

export function FlightDialog({ wanted, rows, context, followed, pastTime, notice }: Props) {
  const { board, language } = context;
  const found = rowsOfFlight(rows, wanted);
  const close = () => closeFlight(board.name);
  const [row] = found;
  if (row === undefined) {
    return (
      <Sheet
        key="absent"
        title={language.absentFlight(wanted.flight)}
        language={language}
        onClose={close}
      >
        <p>
          {pastTime === undefined
            ? language.absentFlightHelp
            : language.printedAt(dayAndTime(pastTime, zoneOf(board), language))}
        </p>
        {notice}
      </Sheet>
    );
  }
  if (found.length > 1) {
    return (
      <Sheet key="choice" title={<bdi>{wanted.flight}</bdi>} language={language} onClose={close}>
        <p>{language.severalFlights}</p>
        <ul class="days">
          {found.map((one) => (
            <li key={one.key}>
              <button type="button" onClick={() => chooseFlight(board.name, one.flight)}>
                {dayOf(one, context)}
              </button>
            </li>
          ))}
        </ul>
      </Sheet>
    );
  }
  return (
    <FlightSheet key={row.key} flight={row.flight} context={context} onClose={close}>
      {notice}
      <Actions row={row} context={context} followed={followed} pastTime={pastTime} />
      <MoreOfFlight row={row} context={context} pastTime={pastTime} />
    </FlightSheet>
  );
}

/** The day of the movement and its time, since a date may be of another zone. */
function dayOf({ flight, instant }: SortedRow, { board, language }: SheetContext): string {
  if (instant === Infinity) return flight.date ?? language.noTime;
  const wall = wallMillis(instant, zoneOf(board));
  return language.dayAndHour(language.shortDate(wall), new Date(wall).toISOString().slice(11, 16));
}

type MoreProps = Pick<Props, "context" | "pastTime"> & { row: SortedRow };
type ActionsProps = MoreProps & Pick<Props, "followed">;

const loadMore = () => loadPart(realClock, () => import("../flight/index.ts"));

/** The details are complete without it, if it does not load. */
function MoreOfFlight({ row, context, pastTime }: MoreProps) {
  const [more, setMore] = useState<Awaited<ReturnType<typeof loadMore>>>();
  useEffect(() => void loadMore().then(setMore, () => undefined), []);
  if (more === undefined) return null;
  return (
    <>
      <more.FlightHistory flight={row.flight} context={context} pastTime={pastTime} />
      <more.QrCode
        link={flightLink(context.board.name, row.flight, pastTime)}
        language={context.language}
      />
    </>
  );
}

function Actions({ row, context, followed, pastTime }: ActionsProps) {
  const { board, language } = context;
  const isFollowed = followed.isFollowed(row);
  return (
    <div class="actions">
      {/* A flight is followed from its present state on. */}
      {pastTime === undefined && (
        <button type="button" aria-pressed={isFollowed} onClick={() => followed.toggle(row)}>
          <Icon name="star" />
          {isFollowed ? language.unfollow : language.follow}
        </button>
      )}
      {pastTime === undefined && isFollowed && <NotifyButton language={context.language} />}
      <ShareButton
        key={keyOf(row.flight)}
        link={flightLink(board.name, row.flight, pastTime)}
        {...context}
      />
    </div>
  );
}

/** By the system's own dialog where there is one. A page over plain HTTP has neither that nor a clipboard. */
function ShareButton({ link, language }: SheetContext & { link: string }) {
  const [outcome, setOutcome] = useState<"copied" | "shown">();
  const share = async () => {
    if (typeof navigator.share === "function") {
      // The reader may close the system's dialog.
      await navigator.share({ url: link }).catch(() => undefined);
      return;
    }
    try {
      await navigator.clipboard.writeText(link);
      setOutcome("copied");
    } catch {
      setOutcome("shown");
    }
  };
  return (
    <>
      <button type="button" onClick={share}>
        <Icon name={outcome === "copied" ? "check" : "share"} />
        <span aria-live="polite">
          {outcome === "copied" ? language.linkCopied : language.share}
        </span>
      </button>
      {outcome === "shown" && (
        <input
          class="link"
          readOnly
          aria-label={language.link}
          value={link}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </>
  );
}
