// Each page, as a reader and a keyboard meet it: what it says, what axe finds, and whether it fits a narrow screen.
import axe from "axe-core";
import { signIn, story } from "./scenario.mjs";

const SERIOUS = ["serious", "critical"];

async function violations(page) {
  await page.evaluate(axe.source);
  const { violations: all } = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ["violations"] }),
  );
  return all
    .filter(({ impact }) => SERIOUS.includes(impact))
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ target }) => target.join(" "))
          .slice(0, 3)
          .join(", ")}`,
    );
}

/** The page has its numbers: nothing of it says that it is loading. */
async function settle(page, heading) {
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  await page.waitForFunction(() => !document.querySelector("main .loading"));
}

await story(async ({ open, given }) => {
  const found = [];
  const page = await open({ reducedMotion: "reduce" });
  await page.goto(given.server);
  await page.getByLabel("API key").waitFor();
  found.push({ path: "sign-in", theme: "light", violations: await violations(page) });
  await signIn(page, given.server, given.key);
  for (const { path, heading } of given.pages) {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${given.server}${path}`);
    await settle(page, heading);
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      found.push({ path, theme, violations: await violations(page) });
    }
    const text = await page.locator("main").innerText();
    const failed = await page.locator(".error-state").allInnerTexts();
    await page.setViewportSize({ width: 380, height: 800 });
    const overflow = await page.evaluate(async () => {
      for (const _ of [1, 2, 3]) await new Promise((resolve) => requestAnimationFrame(resolve));
      return document.documentElement.scrollWidth - innerWidth;
    });
    found.push({ path, text, failed, overflow });
  }
  return found;
});
