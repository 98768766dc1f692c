// The number of a flight on a wall takes turns with those of its codeshares.

import type { Clock, Flight } from "flightboard-client";
import { Foreign } from "../Foreign.tsx";
import { createContext, type ComponentChildren } from "preact";
import { useContext, useEffect, useReducer } from "preact/hooks";

export const CODESHARE_MILLIS = 4_000;

const NumberTurn = createContext(0);

interface ProviderProps {
  clock: Clock;
  /** A page that is shown again continues where it was. */
  first: number;
  children: ComponentChildren;
}

export function NumberTurnProvider({ clock, first, children }: ProviderProps) {
  const [turn, nextNumber] = useReducer<number, void>((count) => count + 1, first);
  useEffect(() => clock.after(CODESHARE_MILLIS, nextNumber), [clock, turn]);
  return <NumberTurn.Provider value={turn}>{children}</NumberTurn.Provider>;
}

/** The number under which a ticket was sold stands where its holder looks for it. */
export function TurningNumber({ flight }: { flight: Flight }) {
  const turn = useContext(NumberTurn);
  const numbers = [flight.flight, ...(flight.codeshares ?? [])];
  const number = numbers[turn % numbers.length];
  return (
    <>
      <bdi class="number" key={number} data-turned={numbers.length > 1 ? "" : undefined}>
        {number}
      </bdi>
      {flight.airline && (
        <span class="aside">
          <Foreign class="airline" text={flight.airline} />
        </span>
      )}
    </>
  );
}
