// A module for the bundler, made from the table of airports: which city each IATA code is of.
// It becomes a chunk of its own; src/cities.ts decides when it is worth fetching.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const ID = "virtual:city-names";

export function cityNames(airports: URL): Plugin {
  const file = fileURLToPath(airports);
  return {
    name: "city-names",
    resolveId: (id) => (id === ID ? `\0${ID}` : null),
    async load(id) {
      if (id !== `\0${ID}`) return null;
      this.addWatchFile(file);
      const lines = citiesOf(await readFile(file, "utf8"));
      // One string is parsed far faster by a browser than an object of thousands of keys.
      return `export default ${JSON.stringify(lines.join("\n"))};`;
    },
  };
}

/** `LAX Los Angeles`, one line an airport. */
export function citiesOf(csv: string): string[] {
  const [header = [], ...rows] = csv.split(/\r?\n/).filter(Boolean).map(fieldsOf);
  const [iata, name, city] = ["iata", "name", "city"].map((column) => header.indexOf(column));
  if (iata === undefined || name === undefined || city === undefined || iata < 0 || city < 0) {
    throw new Error(`airports: the columns iata, name, city are needed, not ${header.join(",")}`);
  }
  return rows
    .filter((row) => /^[A-Z]{3}$/.test(row[iata] ?? ""))
    .map((row) => `${row[iata]} ${row[city] || row[name]}`);
}

/** The fields of one CSV line; quoted ones may hold commas and doubled quotes (RFC 4180). */
function fieldsOf(line: string): string[] {
  const fields = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...fields].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}
