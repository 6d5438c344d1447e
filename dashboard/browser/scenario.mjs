// Runs one scenario in a browser: started by a test, with which it exchanges lines of JSON.
import { createInterface } from "node:readline";
import { startBrowser } from "./chromium.mjs";

const TIMEOUT_MS = 30_000;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Send a message to the test. */
export function send(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Wait for a message of the test. */
export async function receive() {
  const { value, done } = await lines.next();
  if (done) throw new Error("the test has ended");
  return JSON.parse(value);
}

/**
 * Run a scenario, which gets a function to open pages and the options of the test. Its result is the last message,
 * together with errors of the pages and origins of requests that left the server's origin.
 */
export async function runScenario(run) {
  const options = await receive();
  const browser = await startBrowser();
  const errors = [];
  const foreignOrigins = new Set();
  const open = async (contextOptions = {}) => {
    const context = await browser.newContext({
      locale: "en-GB",
      viewport: { width: 1280, height: 900 },
      ...contextOptions,
    });
    context.setDefaultTimeout(TIMEOUT_MS);
    context.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== options.server && !["data:", "blob:"].includes(protocol)) foreignOrigins.add(origin);
    });
    const page = await context.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    return page;
  };
  try {
    const result = await run({ open, options });
    send({ result, errors, foreignOrigins: [...foreignOrigins] });
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
}

/** Sign in and wait for the overview. */
export async function signIn(page, server, key) {
  await page.goto(`${server}/`);
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
}
