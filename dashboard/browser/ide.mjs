// The IDE: a query, an example that streams, and nothing that its policy forbids.
import { hear, say, signIn, story } from "./scenario.mjs";

/** So often something is recorded, until it is shown. */
const TURNS = 12;
const TURN_MS = 2_000;

/** Whether what the test records is shown; running is not yet following, so that it may take several turns. */
async function recorded(page) {
  let isShown = false;
  for (let turn = 0; turn < TURNS && !isShown; turn += 1) {
    say("follows");
    const { name } = await hear();
    const shows = (text) => document.querySelector(".graphiql-response")?.innerText.includes(text);
    isShown = await page.waitForFunction(shows, name, { timeout: TURN_MS }).then(
      () => true,
      () => false,
    );
  }
  say("enough");
  return isShown;
}

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
  // Before its editor is there, there is nothing to run.
  await page.waitForFunction(() =>
    document.querySelector(".graphiql-query-editor")?.innerText.includes("totalCount"),
  );
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
  const isShown = await recorded(page);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  const workers = page.workers().length;
  return { first, isShown, examples, kept, workers, violations };
});
