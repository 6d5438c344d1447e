// An administrator creates a key, signs in with it, and revokes it.
import { signIn, runScenario } from "./scenario.mjs";

await runScenario(async ({ open, options }) => {
  const page = await open();
  page.on("dialog", (dialog) => void dialog.accept());
  await signIn(page, options.server, options.key);
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByLabel("Name", { exact: true }).fill(options.name);
  await page.getByLabel("Organization", { exact: true }).last().fill(options.organization);
  await page.getByRole("checkbox", { name: /^ingest/ }).uncheck();
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = await page.locator(".secret pre").innerText();
  const row = page.getByRole("row", { name: new RegExp(options.name) });
  const listed = await row.innerText();
  await page.getByRole("button", { name: "Done" }).click();
  await page.reload();
  await row.waitFor();
  const shownAgain = (await page.content()).includes(secret);

  const other = await open();
  await signIn(other, options.server, secret);
  await other.goto(`${options.server}/keys`);
  await other.getByText("cannot manage API keys").waitFor();
  const refusal = await other.locator("main").innerText();

  await row.getByRole("button", { name: /^Revoke/ }).click();
  await row.getByText("revoked").waitFor();
  await other.goto(`${options.server}/usage`);
  await other.getByLabel("API key").waitFor();
  return { secret, listed, shownAgain, refusal };
});
