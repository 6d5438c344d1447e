// Puts a compressed form beside every built file that gains by it; the server sends the one a browser takes.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = new URL("../../server/dashboard/dist/", import.meta.url);
const TEXTS = "**/*.{css,html,js,json,svg,ttf,webmanifest}";
const SMALLEST = 1024;

let [plain, sent] = [0, 0];
for (const name of globSync(TEXTS, { cwd: ROOT })) {
  const file = new URL(name, ROOT);
  const content = readFileSync(file);
  if (content.length < SMALLEST) continue;
  const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  const brotli = brotliCompressSync(content, options);
  writeFileSync(`${file.pathname}.br`, brotli);
  writeFileSync(`${file.pathname}.gz`, gzipSync(content, { level: 9 }));
  plain += content.length;
  sent += brotli.length;
}
console.log(`compressed ${Math.round(plain / 1024)} KiB to ${Math.round(sent / 1024)} KiB`);
