// An operator retries a failed stage and cancels the request.
import { signIn, runScenario } from "./scenario.mjs";

await runScenario(async ({ open, options }) => {
  const page = await open();
  await signIn(page, options.server, options.key);
  await page.goto(`${options.server}/requests/${options.id}`);
  await page.getByText("KeyError: 'grade'").first().waitFor();
  await page.locator(".attempts summary").click();
  const traceback = await page.locator(".attempts pre").last().innerText();
  await page.getByRole("button", { name: "Retry script" }).click();
  await page.locator(".timeline .badge.active:visible").first().waitFor();
  const bars = await page.locator(".stage-bar:not(.expected)").count();
  await page.getByRole("button", { name: "Cancel request" }).click();
  await page.getByLabel("Reason").fill("the teacher withdrew it");
  await page.getByRole("button", { name: "Confirm cancellation" }).click();
  await page.locator(".request-facts .badge", { hasText: "Cancelled" }).waitFor();
  await page.getByText("the teacher withdrew it").first().waitFor();
  const buttons = await page.getByRole("button", { name: /Retry|Cancel/ }).count();
  return { traceback, bars, buttons };
});
