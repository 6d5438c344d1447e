// A whole number beyond 2^53: in a question, its answer, its address and the files that it is taken along as.
import { signIn, story } from "./scenario.mjs";

await story(async ({ open, given }) => {
  const page = await open({ acceptDownloads: true });
  await signIn(page, given.server, given.key);
  await page.goto(`${given.server}/explore?${given.question}`);
  await page.waitForFunction(
    () => !document.querySelector("main .loading") && document.querySelector(".ends"),
  );
  const answer = await page.locator("main").innerText();
  await page.getByRole("button", { name: "Show GraphQL" }).click();
  const variables = await page.getByLabel("Variables", { exact: true }).innerText();
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "JSON Lines", exact: true }).click();
  const lines = (await (await (await waiting).createReadStream()).toArray()).map(String).join("");
  return { answer, variables, lines };
});
