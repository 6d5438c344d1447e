// An administrator makes a key, its secret opens the pages, and ends with it.
import { signIn, story } from "./scenario.mjs";

await story(async ({ open, given }) => {
  const page = await open();
  page.on("dialog", (dialog) => void dialog.accept());
  await signIn(page, given.server, given.key);
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByLabel("Name", { exact: true }).fill(given.name);
  await page.getByLabel("Organization", { exact: true }).last().fill(given.organization);
  await page.getByRole("checkbox", { name: /^ingest/ }).uncheck();
  await page.getByRole("button", { name: "Create key" }).click();
  const secret = await page.locator(".secret pre").innerText();
  const row = page.getByRole("row", { name: new RegExp(given.name) });
  const listed = await row.innerText();
  await page.getByRole("button", { name: "Done" }).click();
  await page.reload();
  await row.waitFor();
  const shownAgain = (await page.content()).includes(secret);

  const other = await open();
  await signIn(other, given.server, secret);
  await other.goto(`${given.server}/keys`);
  await other.getByText("cannot manage API keys").waitFor();
  const refusal = await other.locator("main").innerText();

  await row.getByRole("button", { name: /^Revoke/ }).click();
  await row.getByText("revoked").waitFor();
  await other.goto(`${given.server}/usage`);
  await other.getByLabel("API key").waitFor();
  return { secret, listed, shownAgain, refusal };
});
