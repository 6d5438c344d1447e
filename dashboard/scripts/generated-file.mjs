// Writes a generated file only if it has changed, so that nothing that depends on it is rebuilt.
import { existsSync, readFileSync, writeFileSync } from "node:fs";

export function writeIfChanged(file, text) {
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
