// A page that has crashed says that it does not know, and loads itself again.

import { Component, type ComponentChildren } from "preact";
import { Icon } from "./Icon.tsx";
import type { Language } from "./language/language.ts";

interface Props {
  language: Language;
  /** Called once for each crash. */
  onCrash(error: unknown): void;
  children: ComponentChildren;
}

export class ErrorBoundary extends Component<Props, { hasCrashed: boolean }> {
  override state = { hasCrashed: false };

  override componentDidCatch(error: unknown): void {
    if (this.state.hasCrashed) return;
    this.setState({ hasCrashed: true });
    this.props.onCrash(error);
  }

  override render({ language, children }: Props) {
    if (!this.state.hasCrashed) return children;
    return (
      <main class="crash">
        <div role="alert">
          <Icon name="alert" />
          <h1>{language.crash}</h1>
          <p>{language.crashReload}</p>
        </div>
      </main>
    );
  }
}
