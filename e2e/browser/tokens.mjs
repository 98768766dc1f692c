// A file of tokens for the program.

import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./at-end.mjs";

export class TokenFile {
  #lines = new Map();

  constructor(path) {
    this.path = path;
  }

  static async create(test) {
    const folder = await mkdtemp(join(tmpdir(), "flightboard-tokens-"));
    atEnd(test, () => rm(folder, { recursive: true }));
    return new TokenFile(join(folder, "tokens"));
  }

  /** Adds a token with these rights, such as `follow=hall`. */
  async add(name, rights) {
    const token = `flightboard_${randomBytes(32).toString("base64url")}`;
    const hash = createHash("sha256").update(token).digest("hex");
    this.#lines.set(name, `sha256:${hash} ${name} ${rights}\n`);
    await this.#write();
    return token;
  }

  async remove(name) {
    this.#lines.delete(name);
    await this.#write();
  }

  /** As a whole: the program may read it at any moment. */
  async #write() {
    await writeFile(`${this.path}.new`, [...this.#lines.values()].join(""), { mode: 0o600 });
    await rename(`${this.path}.new`, this.path);
  }
}
