// The form for the token of a private board. The token goes into the body of one request and into nothing else:
// neither into the URL nor into the browser's storage. The server answers with a cookie that no script can read.

import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";

interface Props {
  /** Whether the page has shown rows of the board before. */
  hadRows: boolean;
  /** The server's reason. */
  detail: string | undefined;
  /** Returns why the token was not accepted, if it was not. */
  onSignIn(token: string): Promise<string | undefined>;
}

export function SignIn({ hadRows, detail, onSignIn }: Props) {
  const [refusal, setRefusal] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const token = new FormData(form).get("token");
    form.reset();
    setBusy(true);
    setRefusal(await onSignIn(String(token).trim()));
    setBusy(false);
  };
  return (
    <section class="empty">
      <h2>{hadRows ? "Access to this board has ended" : "This board needs a token"}</h2>
      <p>{detail === undefined ? "Sign in with a token that may follow it." : sentence(detail)}</p>
      {/* Without scripts the token would still not get into the URL. */}
      <form method="post" onSubmit={submit}>
        <label>
          Token
          <input type="password" name="token" autocomplete="off" spellcheck={false} required />
        </label>
        <button type="submit" disabled={isBusy}>
          Sign in
        </button>
        <p role="alert">{refusal !== undefined && sentence(refusal)}</p>
      </form>
      {!window.isSecureContext && (
        <p>This page came without https, so the browser will not keep the sign-in.</p>
      )}
    </section>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
