// Compresses built files; the server sends the encoding that a browser accepts.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = new URL("../../server/dashboard/dist/", import.meta.url);
const TEXT_FILES = "**/*.{css,html,js,json,svg,ttf,webmanifest}";
const MIN_COMPRESSED_BYTES = 1024;

let [originalBytes, compressedBytes] = [0, 0];
for (const name of globSync(TEXT_FILES, { cwd: ROOT })) {
  const file = new URL(name, ROOT);
  const content = readFileSync(file);
  if (content.length < MIN_COMPRESSED_BYTES) continue;
  const options = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
  const brotli = brotliCompressSync(content, options);
  writeFileSync(`${file.pathname}.br`, brotli);
  writeFileSync(`${file.pathname}.gz`, gzipSync(content, { level: 9 }));
  originalBytes += content.length;
  compressedBytes += brotli.length;
}
console.log(
  `compressed ${Math.round(originalBytes / 1024)} KiB to ${Math.round(compressedBytes / 1024)} KiB`,
);
