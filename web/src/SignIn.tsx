// The form for the token of a private board. The token goes into the body of one request and into nothing else:
// neither into the URL nor into the browser's storage. The server answers with a cookie that no script can read.

import type { TargetedSubmitEvent } from "preact";
import { useState } from "preact/hooks";
import type { Refusal } from "./api.ts";
import type { Language } from "./language/language.ts";

interface Props {
  /** Whether the page has shown rows of the board before. */
  hadRows: boolean;
  /** The server's reason. */
  detail: string | undefined;
  language: Language;
  /** Undefined if the token was accepted. */
  onSignIn(token: string): Promise<Refusal | undefined>;
}

export function SignIn({ hadRows, detail, language, onSignIn }: Props) {
  const [refusal, setRefusal] = useState<Refusal>();
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
  const texts = language.signIn;
  return (
    <section class="empty">
      <h2>{hadRows ? texts.ended : texts.needed}</h2>
      <p>{detail === undefined ? texts.help : <ServerSentence text={detail} />}</p>
      {/* Without scripts the token would still not get into the URL. */}
      <form method="post" onSubmit={submit}>
        <label>
          {texts.token}
          <input type="password" name="token" autocomplete="off" spellcheck={false} required />
        </label>
        <button type="submit" disabled={isBusy}>
          {texts.submit}
        </button>
        <p role="alert">
          {refusal &&
            (refusal.detail === undefined ? (
              texts.noAnswer
            ) : (
              <ServerSentence text={refusal.detail} />
            ))}
        </p>
      </form>
      {!window.isSecureContext && <p>{texts.insecure}</p>}
    </section>
  );
}

/** The server explains its answers in English. */
function ServerSentence({ text }: { text: string }) {
  return (
    <span lang="en" dir="ltr">
      {`${text.charAt(0).toUpperCase()}${text.slice(1)}.`}
    </span>
  );
}
