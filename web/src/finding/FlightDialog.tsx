// The flight that the URL names: its details, a choice where a number flies on several days, or that it is not there.

import { keyOf, type FlightKey } from "flightboard-client";
import { useState } from "preact/hooks";
import type { Followed } from "../following/useFollowed.ts";
import { Icon } from "../Icon.tsx";
import { FlightSheet, type SheetContext } from "../rows/FlightSheet.tsx";
import type { SortedRow } from "../rows/order.ts";
import { Sheet } from "../rows/Sheet.tsx";
import { wallMillis, zoneOf } from "../time.ts";
import { rowsOfFlight } from "./rows-of-flight.ts";
import { chooseFlight, closeFlight, flightLink } from "./useWantedFlight.ts";

interface Props {
  wanted: FlightKey;
  rows: readonly SortedRow[];
  context: SheetContext;
  followed: Followed;
}

export function FlightDialog({ wanted, rows, context, followed }: Props) {
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
        <p>{language.absentFlightHelp}</p>
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
      <Actions row={row} context={context} followed={followed} />
    </FlightSheet>
  );
}

/** The day of the movement and its time, since a date may be of another zone. */
function dayOf({ flight, instant }: SortedRow, { board, language }: SheetContext): string {
  if (instant === Infinity) return flight.date ?? language.noTime;
  const wall = wallMillis(instant, zoneOf(board));
  return language.dayAndHour(language.shortDate(wall), new Date(wall).toISOString().slice(11, 16));
}

function Actions({ row, context, followed }: Omit<Props, "wanted" | "rows"> & { row: SortedRow }) {
  const { board, language } = context;
  const isFollowed = followed.isFollowed(row);
  return (
    <div class="actions">
      <button type="button" aria-pressed={isFollowed} onClick={() => followed.toggle(row)}>
        <Icon name="star" />
        {isFollowed ? language.unfollow : language.follow}
      </button>
      <ShareButton key={keyOf(row.flight)} link={flightLink(board.name, row.flight)} {...context} />
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
