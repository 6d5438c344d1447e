// The numbers of the overview, and how much script was loaded for them.
import { signIn, story } from "./scenario.mjs";

await story(async ({ open, given }) => {
  const page = await open();
  await signIn(page, given.server, given.key);
  await page.goto(`${given.server}/?range=24h`);
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
