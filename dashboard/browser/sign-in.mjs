// Signing in, its refusal, what is kept in the browser, and signing out.
import { signIn, story } from "./scenario.mjs";

await story(async ({ open, given }) => {
  const page = await open();
  await page.goto(`${given.server}/requests?range=7d`);
  await page.getByLabel("API key").fill("tsk_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  const refusal = await page.getByRole("alert").textContent();
  const refusedCookies = (await page.context().cookies()).length;

  await page.getByLabel("API key").fill(given.key);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Requests", level: 1 }).waitFor();
  const address = page.url();
  const [cookie] = await page.context().cookies();
  const kept = await page.evaluate(
    () => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie,
  );
  await page.reload();
  await page.getByRole("heading", { name: "Requests", level: 1 }).waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  await page.reload();
  await page.getByLabel("API key").waitFor();

  // A key that is revoked while a page is open: the page asks for another one.
  await signIn(page, given.server, given.revocable);
  await page.evaluate(async (id) => {
    const query = `mutation { revokeApiKey(input: {keyId: "${id}"}) { apiKey { name } } }`;
    await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query }),
    });
  }, given.revocableId);
  // The overview may have noticed already.
  await page.evaluate(() => document.querySelector('nav a[href^="/requests"]')?.click());
  await page.getByLabel("API key").waitFor();
  const { httpOnly, sameSite } = cookie;
  return { refusal, refusedCookies, address, httpOnly, sameSite, kept };
});
