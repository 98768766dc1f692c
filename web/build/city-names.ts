// Generates a virtual module from data/airports.csv: the city of each IATA code.
// It becomes a separate chunk; src/cities.ts decides when to fetch it.

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
      // Browsers parse one string far faster than an object with thousands of keys.
      return `export default ${JSON.stringify(lines.join("\n"))};`;
    },
  };
}

/** One line per airport, such as `LAX Los Angeles`. */
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

/** The fields of one CSV line; quoted fields may contain commas and doubled quotes (RFC 4180). */
function fieldsOf(line: string): string[] {
  const fields = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...fields].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}
