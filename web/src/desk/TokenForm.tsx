// Asks for a token that may publish. The token is in the page's memory alone: a cookie of this server gives no right to
// publish, and the browser's storage could be read by the next person at this desk.

import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../Icon.tsx";
import type { DeskLanguage } from "./language/language.ts";
import type { Access } from "./work.ts";

interface Props {
  access: Extract<Access, { kind: "denied" }>;
  texts: DeskLanguage;
  onSignIn(token: string): Promise<void>;
}

export function TokenForm({ access, texts, onSignIn }: Props) {
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const token = new FormData(form).get("token");
    form.reset();
    setBusy(true);
    await onSignIn(String(token).trim());
    setBusy(false);
  };
  const isToken = access.status === 401 || /token/.test(access.detail);
  return (
    <section class="token-form" aria-labelledby="token-title">
      <h2 id="token-title">
        <Icon name="lock" /> {isToken ? texts.tokenNeeded : texts.mayNot}
      </h2>
      <p role="alert">
        <span lang="en" dir="ltr">
          {access.detail}.
        </span>
      </p>
      {isToken && (
        <form method="post" onSubmit={submit}>
          <label>
            {texts.token}
            <input type="password" name="token" autocomplete="off" spellcheck={false} required />
          </label>
          <button type="submit" class="primary" disabled={isBusy}>
            {texts.signIn}
          </button>
          <p>{texts.tokenHelp}</p>
        </form>
      )}
    </section>
  );
}
