// Takes the screenshots of the documentation, light and dark, of an open server with sample traffic.
// node browser/screenshots.mjs SERVER FOLDER [NAME=PATH ...]
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startBrowser } from "./chromium.mjs";

const [server, folder, ...named] = process.argv.slice(2);
if (!server || !folder) throw new Error("usage: screenshots.mjs SERVER FOLDER [NAME=PATH ...]");
const SIZE = { width: Number(process.env.WIDTH ?? 1280), height: Number(process.env.HEIGHT ?? 800) };
const QUIET_MS = 4_000;
const RENDER_MS = 900;
const PAGES = {
  overview: "/?range=1h",
  requests: "/requests?range=1h",
  request: await requestPath(),
  explore: "/explore?range=1h",
  savings: "/savings?range=1h",
  usage: "/usage",
  breakers: "/breakers",
  keys: "/keys",
  about: "/about",
  graphql: "/graphql",
};
const targets = named.length > 0 ? named.map((pair) => pair.split(/=(.*)/s)) : Object.entries(PAGES);

/** Return the path of the recently failed request with the most attempts. */
async function requestPath() {
  const query =
    "{ requests(where: {status: {eq: FAILED}}, first: 50) { nodes { uuid stages { attempt } } } }";
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${server}/graphql`, {
    method: "POST",
    headers,
    body: JSON.stringify({ query }),
  });
  const attempts = ({ stages }) => stages.reduce((sum, { attempt }) => sum + attempt, 0);
  const { nodes } = (await answer.json()).data.requests;
  return `/requests/${nodes.sort((one, other) => attempts(other) - attempts(one))[0]?.uuid ?? ""}`;
}

async function take(context, name, path, theme) {
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && console.error(name, message.text()));
  page.on("pageerror", (error) => console.error(name, error.message));
  await page.goto(new URL(path, server).href);
  await page.waitForLoadState("networkidle", { timeout: QUIET_MS }).catch(() => {});
  await page.waitForTimeout(RENDER_MS);
  await page.screenshot({ path: join(folder, `${name}-${theme}.png`) });
  await page.close();
}

mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
try {
  for (const colorScheme of ["light", "dark"]) {
    const contextOptions = { viewport: SIZE, colorScheme, locale: "en-GB", reducedMotion: "reduce" };
    const context = await browser.newContext(contextOptions);
    for (const [name, path] of targets) await take(context, name, path, colorScheme);
    await context.close();
  }
} finally {
  await browser.close();
}
