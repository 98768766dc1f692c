// The parts of the page of a flight that are fetched when a reader opens it.

export { FlightHistory } from "./FlightHistory.tsx";
export { QrCode } from "./QrCode.tsx";
