// In the place of rows, or above them: forms for a token, or the reason why there are no rows.

import type { ConnectionState } from "flightboard-client";
import type { Refusal } from "../api.ts";
import { AbsentBoard, ClosedBoard } from "../EmptyBoard.tsx";
import type { Language } from "../language/language.ts";
import { SignIn } from "../SignIn.tsx";
import type { DeskLanguage } from "./language/language.ts";
import { TokenForm } from "./TokenForm.tsx";
import type { Access } from "./work.ts";

interface Props {
  name: string;
  connection: ConnectionState;
  access: Access;
  /** The settings of the board have come. */
  isKnown: boolean;
  language: Language;
  texts: DeskLanguage;
  /** For publishing. */
  onToken(token: string): Promise<void>;
  /** For a private board: following needs a cookie. */
  onSignIn(token: string): Promise<Refusal | undefined>;
}

export function DeskAccess(props: Props) {
  const { name, connection, access, isKnown, language, texts, onToken, onSignIn } = props;
  switch (connection.status) {
    case "denied":
      return (
        <SignIn
          hadRows={connection.hadRows}
          detail={connection.detail}
          language={language}
          onSignIn={onSignIn}
        />
      );
    case "closed":
      return <ClosedBoard reason={connection.reason} language={language} />;
    case "absent":
      return isKnown ? null : <AbsentBoard name={name} language={language} />;
    default:
      if (!isKnown) return <p class="waiting">{language.placeholder.waiting}</p>;
      return access.kind === "denied" ? (
        <TokenForm access={access} texts={texts} onSignIn={onToken} />
      ) : null;
  }
}
