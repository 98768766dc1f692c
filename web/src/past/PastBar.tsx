// The time bar below the board: a slider from the oldest time that can be had to now, and the buttons of a playback.

import type { Language } from "../language/language.ts";
import { Icon } from "../Icon.tsx";
import { secondAndDay } from "../time.ts";
import { SPEEDS } from "./past-time.ts";
import { faultText, isRight, timeAndDay } from "./past-text.ts";
import { MAX_YOUNG_MILLIS } from "./past-player.ts";
import type { LoadedPast } from "./usePast.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** The keys Page Up and Page Down go as many steps. */
const PAGE_STEPS = 60;

interface Props {
  past: LoadedPast;
  timeZone: string;
  language: Language;
}

export function PastBar({ past, timeZone, language }: Props) {
  const { player, state } = past;
  const { shown } = state;
  const texts = language.past;
  const fault = shown ? shown.fault : state.fault;
  const doubt = shown && !isRight(shown.followed.connection) && shown.rowsAt !== undefined;
  return (
    <section class="past-bar" aria-label={texts.bar}>
      <p class="past-notice" role="status">
        {shown && (
          <>
            <strong>{shown.isPlaying ? texts.playing : texts.notLive}</strong>{" "}
            {!fault && doubt && texts.lost}
          </>
        )}
        {fault && faultText(fault, timeZone, language)}
      </p>
      <TimeSlider past={past} timeZone={timeZone} language={language} />
      <div class="past-buttons">
        <button
          type="button"
          disabled={shown === undefined}
          onClick={() => (shown?.isPlaying ? player.pause() : player.play())}
        >
          <Icon name={shown?.isPlaying ? "pause" : "play"} />
          <span class="label">{shown?.isPlaying ? texts.pause : texts.play}</span>
        </button>
        <div role="group" aria-label={texts.speed}>
          {SPEEDS.map((speed) => (
            <button
              key={speed}
              type="button"
              aria-pressed={speed === state.speed}
              onClick={() => player.setSpeed(speed)}
            >
              <bdi dir="ltr">{speed}×</bdi>
            </button>
          ))}
        </div>
        <button type="button" disabled={shown === undefined} onClick={() => player.end()}>
          <Icon name="bolt" />
          {texts.backToLive}
        </button>
      </div>
    </section>
  );
}

function TimeSlider({ past, timeZone, language }: Props) {
  const { player, state } = past;
  const now = past.now();
  const at = state.shown?.at ?? now;
  const oldest = Math.min(state.oldest ?? now, now);
  const step = now - oldest > MAX_YOUNG_MILLIS ? MINUTE : SECOND;
  const [first, last] = [Math.ceil(oldest / step), Math.floor(now / step)];
  const value = state.shown ? Math.min(Math.max(Math.floor(at / step), first), last) : last;
  /** At its end the slider is live. */
  const choose = (chosen: number) => {
    if (chosen >= last) player.end();
    else player.seek(Math.max(chosen, first) * step);
  };
  const textOf = (instant: number) =>
    step === SECOND
      ? secondAndDay(instant, timeZone, language)
      : timeAndDay(instant, now, timeZone, language);
  return (
    <div class="past-slider">
      <output>{state.shown ? textOf(at) : language.times.now}</output>
      <input
        type="range"
        aria-label={language.past.bar}
        aria-valuetext={state.shown ? textOf(at) : language.times.now}
        disabled={first >= last}
        min={first}
        max={last}
        step={1}
        value={value}
        onInput={(event) => choose(event.currentTarget.valueAsNumber)}
        onKeyDown={(event) => {
          const pages = event.key === "PageUp" ? 1 : event.key === "PageDown" ? -1 : 0;
          if (pages === 0) return;
          event.preventDefault();
          choose(value + pages * PAGE_STEPS);
        }}
      />
      <div class="past-ends" aria-hidden="true">
        <span>{state.oldest !== undefined && textOf(oldest)}</span>
        <span>{language.times.now}</span>
      </div>
    </div>
  );
}
