// The pages of public screens, fetched only where they are shown.

export { AirportPage } from "./AirportPage.tsx";
export { loadLanguages } from "./settings.ts";
export { SignPage } from "./SignPage.tsx";
export { WallPage } from "./WallPage.tsx";
