// The element `<flight-board>`. All that it draws is in its shadow tree.

import { browserEnvironment, realClock } from "flightboard-client";
import { render } from "preact";
import { fetchPlaces } from "../api.ts";
import type { CitySource } from "../cities.ts";
import { ElementContent } from "./ElementContent.tsx";
import { ATTRIBUTES, readSettings } from "./settings.ts";
import { SharedFollowers } from "./shared-followers.ts";
import { addFonts, styles } from "./styles.ts";

/** Between a crash and the next attempt; twice as long after each further one. */
const FIRST_RESTART_MILLIS = 5_000;
const MAX_RESTART_MILLIS = 10 * 60_000;

const environment = browserEnvironment();
const shared = new SharedFollowers({ ...environment, onBuild: () => undefined });

export class FlightBoardElement extends HTMLElement {
  static readonly observedAttributes = ATTRIBUTES;

  readonly #root = this.attachShadow({ mode: "open" });
  readonly #places = new Map<string, CitySource>();
  #crashes = 0;

  connectedCallback(): void {
    addFonts();
    this.#root.adoptedStyleSheets = [styles()];
    this.#render();
  }

  /** An element that is moved within the page is connected again at once, and keeps its stream. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) render(null, this.#root);
    });
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#render();
  }

  #render(): void {
    const settings = readSettings(this);
    render(
      <ElementContent
        key={this.#crashes}
        settings={settings}
        shared={shared}
        places={this.#placesOf(settings.board?.root)}
        onCrash={(error) => this.#restart(error)}
      />,
      this.#root,
    );
  }

  /** The names of places come from the server of the board. */
  #placesOf(root = ""): CitySource {
    let places = this.#places.get(root);
    if (places === undefined) {
      const { clock, random } = environment;
      places = { clock, random, fetchPlaces: (codes) => fetchPlaces(codes, `${root}/places`) };
      this.#places.set(root, places);
    }
    return places;
  }

  #restart(error: unknown): void {
    console.error(error);
    const wait = Math.min(MAX_RESTART_MILLIS, FIRST_RESTART_MILLIS * 2 ** this.#crashes);
    realClock.after(wait, () => {
      this.#crashes += 1;
      if (this.isConnected) this.#render();
    });
  }
}
