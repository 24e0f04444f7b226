/** Reads texts as a JSON array from standard input and prints what the scanner finds, for a comparison with the prover. */

import { readFileSync } from "node:fs";
import { scan } from "../../src/core/places";

const texts = JSON.parse(readFileSync(0, "utf8")) as string[];
const found = texts.map((text) =>
  scan(text).places.map(({ name, why, start, statementEnd, end }) => [name, why, start, statementEnd, end]),
);
process.stdout.write(JSON.stringify(found));
