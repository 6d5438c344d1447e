// Every page: its text, its accessibility (axe), and whether it fits a narrow screen.
import axe from "axe-core";
import { signIn, runScenario } from "./scenario.mjs";

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

/** Wait until the page has loaded. */
async function settle(page, heading) {
  await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
  await page.waitForFunction(() => !document.querySelector("main .loading"));
}

await runScenario(async ({ open, options }) => {
  const results = [];
  const page = await open({ reducedMotion: "reduce" });
  await page.goto(options.server);
  await page.getByLabel("API key").waitFor();
  results.push({ path: "sign-in", theme: "light", violations: await violations(page) });
  await signIn(page, options.server, options.key);
  for (const { path, heading } of options.pages) {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${options.server}${path}`);
    await settle(page, heading);
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      results.push({ path, theme, violations: await violations(page) });
    }
    const text = await page.locator("main").innerText();
    const failed = await page.locator(".error-state").allInnerTexts();
    await page.setViewportSize({ width: 380, height: 800 });
    const overflow = await page.evaluate(async () => {
      for (const _ of [1, 2, 3]) await new Promise((resolve) => requestAnimationFrame(resolve));
      return document.documentElement.scrollWidth - innerWidth;
    });
    results.push({ path, text, failed, overflow });
  }
  return results;
});
