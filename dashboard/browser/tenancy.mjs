// A key of one organization shows nothing of another one.
import { signIn, runScenario } from "./scenario.mjs";

await runScenario(async ({ open, options }) => {
  const page = await open();
  await signIn(page, options.server, options.key);
  const texts = {};
  for (const path of options.paths) {
    await page.goto(`${options.server}${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => !document.querySelector("main .loading"));
    texts[path] = await page.locator("body").innerText();
  }
  const buttons = await page.getByRole("button", { name: "Cancel request" }).count();
  return { texts, buttons };
});
