// The past of a board, as a part of the page that is fetched when a reader asks for it.

import "./past.css";

export { PastBar } from "./PastBar.tsx";
export { PastPlayer } from "./past-player.ts";
