// The IDE: a query, an example that streams, and nothing that its policy forbids.
import { hear, say, signIn, story } from "./scenario.mjs";

await story(async ({ open, given }) => {
  const page = await open();
  const violations = [];
  page.on(
    "console",
    (message) => /Content Security Policy/.test(message.text()) && violations.push(message.text()),
  );
  await signIn(page, given.server, given.key);
  await page.goto(`${given.server}/graphql`);
  const run = page.getByRole("button", { name: /^Execute/ });
  const answer = page
    .getByRole("region", { name: /Result|Response/i })
    .or(page.locator(".graphiql-response"));
  await run.click();
  await page.waitForFunction(() =>
    document.querySelector(".graphiql-response")?.innerText.includes("totalCount"),
  );
  const first = await answer.first().innerText();

  await page.getByRole("button", { name: "Examples" }).click();
  const examples = await page.getByRole("menuitem").allInnerTexts();
  await page.getByRole("menuitem", { name: "Operations as they are recorded" }).click();
  await page.waitForFunction(() =>
    document.querySelector(".graphiql-query-editor")?.innerText.includes("operationFeed"),
  );
  await run.click();
  await page.getByRole("button", { name: /^Stop/ }).waitFor();
  await page.waitForTimeout(500);
  say("follows");
  const { name } = await hear();
  await page.waitForFunction(
    (text) => document.querySelector(".graphiql-response")?.innerText.includes(text),
    name,
  );
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  const workers = page.workers().length;
  return { first, examples, kept, workers, violations };
});
