// A request found and opened without a mouse.
import { signIn, story } from "./scenario.mjs";

await story(async ({ open, given }) => {
  const page = await open();
  await signIn(page, given.server, given.key);
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.textContent);
  await page.getByRole("link", { name: "Requests", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("searchbox", { name: /correlation/ }).focus();
  await page.keyboard.type(given.correlationId);
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
