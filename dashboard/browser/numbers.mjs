// The numbers of the overview, and the size of its scripts.
import { signIn, runScenario } from "./scenario.mjs";

await runScenario(async ({ open, options }) => {
  const page = await open();
  await signIn(page, options.server, options.key);
  await page.goto(`${options.server}/?range=24h`);
  await page.locator(".stats .figure").first().waitFor();
  await page.waitForFunction(
    () =>
      !document.querySelector("main .loading") &&
      ![...document.querySelectorAll(".figure")].some(({ textContent }) => ["…", "–"].includes(textContent)),
  );
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter(({ name }) => name.endsWith(".js"))
      .map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize]),
  );
  const figures = await page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll(".stat")].map((stat) => [
        stat.querySelector("dt").textContent,
        stat.querySelector(".figure").textContent,
      ]),
    ),
  );
  return { scripts, figures };
});
