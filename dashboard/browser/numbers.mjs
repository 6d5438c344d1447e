// How soon the overview has its numbers, and which they are.
import { signIn, story } from "./scenario.mjs";

const LOADS = 3;

await story(async ({ open, given }) => {
  const page = await open();
  await signIn(page, given.server, given.key);
  const times = [];
  for (let load = 0; load < LOADS; load += 1) {
    await page.goto(`${given.server}/?range=24h`);
    await page.locator(".stats .figure").first().waitFor();
    times.push(await page.evaluate(() => performance.now()));
  }
  await page.waitForFunction(() => !document.querySelector("main .loading"));
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
  return { times, scripts, figures };
});
