// The values that all parts of an opened desk share.

import type { FieldContext } from "../history/fields.ts";
import type { DeskLanguage } from "./language/language.ts";

export interface DeskContext extends FieldContext {
  readonly texts: DeskLanguage;
  /** True where rows come from a source, which would change a field back. */
  readonly holdsByDefault: boolean;
}
