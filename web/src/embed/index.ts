// The script of `/embed.js`: defines the element `<flight-board>` for pages of others.

import { FlightBoardElement } from "./FlightBoardElement.tsx";

const NAME = "flight-board";

// A page may have the script twice.
if (customElements.get(NAME) === undefined) customElements.define(NAME, FlightBoardElement);
