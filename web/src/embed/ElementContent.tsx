// The contents of an element: a board in a language and a theme, or the reason for its absence.

import type { CitySource } from "../cities.ts";
import { ErrorBoundary } from "../ErrorBoundary.tsx";
import { WallMessage } from "../wall/WallMessage.tsx";
import { EmbeddedBoard } from "./EmbeddedBoard.tsx";
import type { EmbedSettings } from "./settings.ts";
import type { SharedFollowers } from "./shared-followers.ts";
import { unit } from "./styles.ts";
import { useElementLanguage } from "./useElementLanguage.ts";

const EXAMPLE = "https://airport.example/boards/main";

interface Props {
  settings: EmbedSettings;
  shared: SharedFollowers;
  places: CitySource;
  onCrash(error: unknown): void;
}

export function ElementContent({ settings, shared, places, onCrash }: Props) {
  const { board, theme, size, languageTag } = settings;
  const language = useElementLanguage(languageTag, places.clock);
  if (language === undefined) return null;
  return (
    <div
      class="embed"
      lang={language.tag}
      dir={language.direction}
      data-theme={theme === "auto" ? undefined : theme}
      style={{ "--flight-board-unit": unit, fontSize: size }}
    >
      <ErrorBoundary tagOf={() => language.tag} onCrash={onCrash}>
        {board === undefined ? (
          <div class="rows">
            <WallMessage
              title={language.embed.noBoard}
              text={language.embed.noBoardHelp("src", EXAMPLE)}
            />
          </div>
        ) : (
          <EmbeddedBoard
            key={board.url}
            address={board}
            settings={settings}
            language={language}
            shared={shared}
            places={places}
          />
        )}
      </ErrorBoundary>
    </div>
  );
}
