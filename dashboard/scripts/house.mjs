// Style checks for TypeScript: the length of functions, and a sentence that opens every file.
import { globSync, readFileSync } from "node:fs";
import { parseSync } from "vite";

const ROOT = new URL("../", import.meta.url);
const MAX_FUNCTION_LINES = 50;
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const GENERATED = new Set(["src/api/generated.ts", "src/api/catalog.ts"]);

const problems = [];
for (const file of globSync("{src,ide,browser,scripts}/**/*.{ts,tsx,mjs}", { cwd: ROOT }).sort()) {
  if (GENERATED.has(file)) continue;
  const text = readFileSync(new URL(file, ROOT), "utf8");
  if (!/^\/\/ .*[.:!?](\n\/\/ .*)*\n/.test(text))
    problems.push(`${file}: open the file with one sentence that says what it is for`);
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) problems.push(`${file}: ${errors[0].message}`);
  walk(program, (node) => {
    if (!FUNCTIONS.has(node.type)) return;
    const first = text.slice(0, node.start).split("\n").length;
    const lines = text.slice(node.start, node.end).split("\n").length;
    if (lines > MAX_FUNCTION_LINES)
      problems.push(`${file}:${first}: ${lines} lines in one function: split it`);
  });
}
for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);

function walk(node, visit) {
  if (Array.isArray(node)) for (const child of node) walk(child, visit);
  else if (node !== null && typeof node === "object") {
    if (typeof node.type === "string") visit(node);
    for (const child of Object.values(node)) walk(child, visit);
  }
}
