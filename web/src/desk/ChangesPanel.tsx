// The changes of this desk, which can be undone, and the last changes of the board by anybody.

import { type FlightKey, parseInstant } from "flightboard-client";
import { Icon } from "../Icon.tsx";
import { labelOf, valueText } from "../history/fields.ts";
import { readableFields, type LoggedChange } from "../history/logged-changes.ts";
import { clockText, zoneOf } from "../time.ts";
import type { DeskContext } from "./context.ts";
import type { ChangeList } from "./useChanges.ts";
import type { DeskWork, Done } from "./work.ts";

const SHOWN_DONE = 8;

interface Props {
  context: DeskContext;
  done: readonly Done[];
  list: ChangeList;
  work: DeskWork;
  onOpen(flight: FlightKey): void;
}

export function ChangesPanel({ context, done, list, work, onOpen }: Props) {
  const { texts, board } = context;
  const zone = zoneOf(board);
  return (
    <aside class="changes">
      {done.length > 0 && (
        <section aria-labelledby="your-changes">
          <h2 id="your-changes">{texts.yourChanges}</h2>
          <ul>
            {done
              .slice(-SHOWN_DONE)
              .reverse()
              .map((one) => (
                <li key={one.id}>
                  <time>{clockText(one.at, zone)}</time>{" "}
                  <span dir="auto">
                    <b>{one.flight}</b> {one.text(texts)}
                  </span>{" "}
                  <button type="button" onClick={() => void work.undo(one)}>
                    {texts.undo}
                    <span class="visually-hidden">: {one.flight}</span>
                  </button>
                </li>
              ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="last-changes">
        <h2 id="last-changes">{texts.lastChanges}</h2>
        {list.source !== "server" && (
          <p class="changes-note">
            {list.source === "absent" ? texts.noHistory : texts.historySilent}
          </p>
        )}
        {list.changes.length === 0 && <p class="changes-note">{texts.noChanges}</p>}
        <ul>
          {list.changes.map((change) => (
            <Line key={change.id} change={change} context={context} onOpen={onOpen} />
          ))}
        </ul>
      </section>
    </aside>
  );
}

interface LineProps {
  change: LoggedChange;
  context: DeskContext;
  onOpen(flight: FlightKey): void;
}

function Line({ change, context, onOpen }: LineProps) {
  const { texts, board } = context;
  const { flight, publisher, feed = false } = change;
  const instant = parseInstant(change.time);
  const who = texts.by({ publisher, isFeed: feed });
  return (
    <li>
      <time datetime={change.time}>
        {instant !== undefined && clockText(instant, zoneOf(board))}
      </time>{" "}
      <span dir="auto">
        {flight && (
          <button type="button" class="changes-flight" onClick={() => onOpen(flight)}>
            {flight.flight}
          </button>
        )}{" "}
        {whatText(change, context)}
      </span>{" "}
      {who !== "" && (
        <span class="changes-who">
          <Icon name={feed ? "bolt" : "desk"} /> <bdi>{who}</bdi>
        </span>
      )}
    </li>
  );
}

function whatText(change: LoggedChange, context: DeskContext): string {
  const { texts } = context;
  if (change.event === "flightAddition") return texts.addition;
  if (change.event === "flightRemoval") return texts.removal;
  const { flight } = change;
  if (flight === undefined) return "";
  const parts = readableFields(change).map(({ field, to }) => {
    const label = labelOf(field, context);
    const value = valueText(field, to, flight, context);
    return value === undefined ? texts.cleared(label) : `${label} ${value}`;
  });
  return parts.join(", ");
}
