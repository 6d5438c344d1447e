// Takes pictures of pages, light and dark.
// node browser/screenshots.mjs SERVER FOLDER NAME=PATH ...
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startBrowser } from "./chromium.mjs";

const [server, folder, ...wanted] = process.argv.slice(2);
if (!server || !folder) throw new Error("usage: screenshots.mjs SERVER FOLDER [NAME=PATH ...]");
const WIDTH = Number(process.env.SHOT_WIDTH ?? 1280);
const HEIGHT = Number(process.env.SHOT_HEIGHT ?? 860);

mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
try {
  for (const theme of ["light", "dark"]) {
    const context = await browser.newContext({
      viewport: { width: WIDTH, height: HEIGHT },
      colorScheme: theme,
      locale: "en-GB",
      reducedMotion: "reduce",
    });
    for (const [name, path] of wanted.map((pair) => pair.split(/=(.*)/s))) {
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && console.error(name, message.text()));
      page.on("pageerror", (error) => console.error(name, error.message));
      await page.goto(new URL(path, server).href);
      await page.waitForLoadState("networkidle", { timeout: 4_000 }).catch(() => {});
      await page.waitForTimeout(700);
      await page.screenshot({
        path: join(folder, `${name}-${theme}.png`),
        fullPage: process.env.SHOT_FULL === "1",
      });
      await page.close();
    }
    await context.close();
  }
} finally {
  await browser.close();
}
