// Writes a file that is made from others, unless it is there already: what depends on it is then not made anew.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

export function writeMade(file, text) {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
