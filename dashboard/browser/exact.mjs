// An integer beyond 2^53 keeps its digits in a query, its result, its address and its exports.
import { signIn, runScenario } from "./scenario.mjs";

await runScenario(async ({ open, options }) => {
  const page = await open({ acceptDownloads: true });
  await signIn(page, options.server, options.key);
  await page.goto(`${options.server}/explore?${options.question}`);
  await page.waitForFunction(
    () => !document.querySelector("main .loading") && document.querySelector(".ends"),
  );
  const answer = await page.locator("main").innerText();
  await page.getByRole("button", { name: "Show GraphQL" }).click();
  const variables = await page.getByLabel("Variables", { exact: true }).innerText();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "JSON Lines", exact: true }).click();
  const lines = (await (await (await download).createReadStream()).toArray()).map(String).join("");
  return { answer, variables, lines };
});
