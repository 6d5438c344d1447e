// A request watched from its start to its end, while the server is killed and started again under the page.
import { hear, say, signIn, story } from "./scenario.mjs";

const state = (page) => page.locator(".connection").innerText();

await story(async ({ open, given }) => {
  const page = await open();
  await signIn(page, given.server, given.key);
  await page.goto(`${given.server}/requests/${given.id}`);
  await page.getByRole("heading", { name: given.title, level: 1 }).waitFor();
  await page.locator(".connection.live").waitFor();
  say({ state: await state(page) });
  for (;;) {
    const wanted = await hear();
    if (wanted.end) break;
    if (wanted.state) await page.locator(`.connection.${wanted.state}`).waitFor();
    if (wanted.last) {
      const note = page.locator(".card", { has: page.locator(".log") }).locator(".note");
      await note.getByText(`${wanted.last} events`, { exact: true }).waitFor();
    }
    say({ state: await state(page), status: await page.locator(".request-facts .badge").innerText() });
  }
  await page.locator(".request-facts .badge.good").waitFor();
  const seen = await page.evaluate(async () => {
    const log = document.querySelector(".log");
    const found = new Map();
    for (let top = 0; top <= log.scrollHeight; top += 200) {
      log.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      for (const line of log.querySelectorAll(".log-line"))
        found.set(Number(line.querySelector(".seq").textContent), line.querySelector(".what").textContent);
    }
    return [...found].sort(([a], [b]) => a - b);
  });
  return {
    seen,
    facts: await page.locator(".request-facts").innerText(),
    stages: await page.locator(".timeline").innerText(),
  };
});
