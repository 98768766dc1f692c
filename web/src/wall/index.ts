// The pages of public screens, fetched only where they are shown.

export { AirportPage } from "./AirportPage.tsx";
export { SignPage } from "./SignPage.tsx";
export { WallPage } from "./WallPage.tsx";
