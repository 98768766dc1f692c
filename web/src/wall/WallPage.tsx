// `/boards/{board}/wall`: a board on a public screen that runs for weeks. It has no controls.

import type { Environment } from "../environment.ts";
import { useFollowedBoard } from "../useFollowedBoard.ts";
import { useUsualRows } from "./screen-shape.ts";
import { useWallSettings } from "./useWallSettings.ts";
import { WallFrame } from "./WallFrame.tsx";
import { WallPanel } from "./WallPanel.tsx";

export function WallPage({ name, environment }: { name: string; environment: Environment }) {
  const settings = useWallSettings();
  const usualRows = useUsualRows();
  const rows = settings.rows ?? usualRows;
  const view = useFollowedBoard(name, environment);
  const title = view.followed.timetable.board?.title ?? name;
  return (
    <WallFrame
      clock={environment.clock}
      rows={rows}
      theme={settings.theme}
      language={settings.languages[0]!}
      title={title}
    >
      <WallPanel
        key={name}
        view={view}
        titleOf={() => title}
        rows={rows}
        settings={settings}
        environment={environment}
      />
    </WallFrame>
  );
}
