// One story in a browser: told by a script of this folder, started by a test, which reads what it found as JSON.
import { createInterface } from "node:readline";
import { startBrowser } from "./chromium.mjs";

const PATIENCE_MS = 30_000;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Tell the test something, as one line. */
export function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Wait until the test says something. */
export async function hear() {
  const { value, done } = await lines.next();
  if (done) throw new Error("the test has gone");
  return JSON.parse(value);
}

/**
 * Run a story. `tell` gets a way to open pages, and what the test gave; what it returns is said last. Whatever a page
 * complains about, and every request that leaves the server's origin, comes with it.
 */
export async function story(tell) {
  const given = await hear();
  const browser = await startBrowser();
  const complaints = [];
  const elsewhere = new Set();
  const open = async (options = {}) => {
    const context = await browser.newContext({
      locale: "en-GB",
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== given.server && !["data:", "blob:"].includes(protocol)) elsewhere.add(origin);
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    return page;
  };
  try {
    const found = await tell({ open, given });
    say({ found, complaints, elsewhere: [...elsewhere] });
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
}

/** Sign in, and wait until the overview is there. */
export async function signIn(page, server, key) {
  await page.goto(`${server}/`);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
}
