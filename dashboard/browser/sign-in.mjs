// Signing in, a refused key, what the browser stores, and signing out.
import { signIn, runScenario } from "./scenario.mjs";

await runScenario(async ({ open, options }) => {
  const page = await open();
  await page.goto(`${options.server}/requests?range=7d`);
  await page.getByLabel("API key").fill("tsk_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  const refusal = await page.getByRole("alert").textContent();
  const refusedCookies = (await page.context().cookies()).length;

  await page.getByLabel("API key").fill(options.key);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Requests", level: 1 }).waitFor();
  const address = page.url();
  const [cookie] = await page.context().cookies();
  const stored = await page.evaluate(
    () => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie,
  );
  await page.reload();
  await page.getByRole("heading", { name: "Requests", level: 1 }).waitFor();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("API key").waitFor();
  await page.reload();
  await page.getByLabel("API key").waitFor();

  // After a key is revoked, an open page asks for another one.
  await signIn(page, options.server, options.revocable);
  await page.evaluate(async (id) => {
    const query = `mutation { revokeApiKey(input: {keyId: "${id}"}) { apiKey { name } } }`;
    await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query }),
    });
  }, options.revocableId);
  // The overview may show the sign-in page already.
  await page.evaluate(() => document.querySelector('nav a[href^="/requests"]')?.click());
  await page.getByLabel("API key").waitFor();
  const { httpOnly, sameSite } = cookie;
  return { refusal, refusedCookies, address, httpOnly, sameSite, kept: stored };
});
