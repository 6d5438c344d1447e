// Finds and opens a request with the keyboard.
import { signIn, runScenario } from "./scenario.mjs";

await runScenario(async ({ open, options }) => {
  const page = await open();
  await signIn(page, options.server, options.key);
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.textContent);
  await page.getByRole("link", { name: "Requests", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("searchbox", { name: /correlation/ }).focus();
  await page.keyboard.type(options.correlationId);
  await page.locator("tbody tr").nth(0).waitFor();
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await page.locator("tbody tr").focus();
  await page.keyboard.press("Enter");
  await page.waitForURL("**/requests/*");
  await page.locator(".log-line").first().waitFor();
  await page.getByRole("grid", { name: "Events" }).focus();
  await page.keyboard.press("Home");
  const detail = await page.locator(".log-detail strong").textContent();
  return { first, url: page.url(), detail };
});
