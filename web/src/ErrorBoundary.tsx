// A page that has crashed says that it does not know, and loads itself again.

import { Component, type ComponentChildren } from "preact";
import { removeFirstScreen } from "./first-screen.ts";
import { Icon } from "./Icon.tsx";
import { crashTexts } from "./language/crash.ts";
import type { LanguageTag } from "./language/languages.ts";

interface Props {
  /** The language of the reader. It needs nothing that the page has loaded. */
  tagOf(): LanguageTag;
  /** Called once for each crash. */
  onCrash(error: unknown): void;
  children: ComponentChildren;
}

export class ErrorBoundary extends Component<Props, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  override componentDidCatch(error: unknown): void {
    if (this.state.hasCrashed) return;
    this.setState({ hasCrashed: true });
    removeFirstScreen();
    this.props.onCrash(error);
  }

  override render({ tagOf, children }: Props) {
    if (!this.state.hasCrashed) return children;
    const tag = tagOf();
    const { title, text } = crashTexts[tag];
    return (
      <main class="crash" lang={tag} dir="auto">
        <div role="alert">
          <Icon name="alert" />
          <h1>{title}</h1>
          <p>{text}</p>
        </div>
      </main>
    );
  }
}
