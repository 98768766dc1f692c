// The desk of a board's editors, fetched only where it is shown.

export { DeskWithTexts } from "./DeskWithTexts.tsx";
