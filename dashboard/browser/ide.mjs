// The IDE: a query, a subscription, and no violation of the Content Security Policy.
import { receive, send, signIn, runScenario } from "./scenario.mjs";

/** Maximum number of operations recorded until one is shown. */
const MAX_ATTEMPTS = 12;
const ATTEMPT_MS = 2_000;

/** Return whether a recorded operation is shown. The subscription may start late, so several are recorded. */
async function recorded(page) {
  let isShown = false;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && !isShown; attempt += 1) {
    send("running");
    const { name } = await receive();
    const shows = (text) => document.querySelector(".graphiql-response")?.innerText.includes(text);
    isShown = await page.waitForFunction(shows, name, { timeout: ATTEMPT_MS }).then(
      () => true,
      () => false,
    );
  }
  send("done");
  return isShown;
}

await runScenario(async ({ open, options }) => {
  const page = await open();
  const violations = [];
  page.on(
    "console",
    (message) => /Content Security Policy/.test(message.text()) && violations.push(message.text()),
  );
  await signIn(page, options.server, options.key);
  await page.goto(`${options.server}/graphql`);
  const run = page.getByRole("button", { name: /^Execute/ });
  const answer = page
    .getByRole("region", { name: /Result|Response/i })
    .or(page.locator(".graphiql-response"));
  // Wait for the editor.
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
  await page.getByRole("menuitem", { name: "Live operations" }).click();
  await page.waitForFunction(() =>
    document.querySelector(".graphiql-query-editor")?.innerText.includes("operationFeed"),
  );
  await run.click();
  await page.getByRole("button", { name: /^Stop/ }).waitFor();
  const isShown = await recorded(page);
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  const workers = page.workers().length;
  return { first, isShown, examples, kept: stored, workers, violations };
});
