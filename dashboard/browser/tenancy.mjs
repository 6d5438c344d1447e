// What a key of one organization shows of another: nothing.
import { signIn, story } from "./scenario.mjs";

await story(async ({ open, given }) => {
  const page = await open();
  await signIn(page, given.server, given.key);
  const texts = {};
  for (const path of given.paths) {
    await page.goto(`${given.server}${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => !document.querySelector("main .loading"));
    texts[path] = await page.locator("body").innerText();
  }
  const buttons = await page.getByRole("button", { name: "Cancel request" }).count();
  return { texts, buttons };
});
