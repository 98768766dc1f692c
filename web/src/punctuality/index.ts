// The punctuality of a board's flights, fetched only where it is shown.

export { PunctualityWithTexts } from "./PunctualityWithTexts.tsx";
