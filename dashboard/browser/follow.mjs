// A request from start to end, while the server is killed and restarted.
import { receive, send, signIn, runScenario } from "./scenario.mjs";

const state = (page) => page.locator(".connection").innerText();

await runScenario(async ({ open, options }) => {
  const page = await open();
  await signIn(page, options.server, options.key);
  await page.goto(`${options.server}/requests/${options.id}`);
  await page.getByRole("heading", { name: options.title, level: 1 }).waitFor();
  await page.locator(".connection.live").waitFor();
  send({ state: await state(page) });
  for (;;) {
    const message = await receive();
    if (message.end) break;
    if (message.state) await page.locator(`.connection.${message.state}`).waitFor();
    if (message.last) {
      const note = page.locator(".card", { has: page.locator(".log") }).locator(".note");
      await note.getByText(`${message.last} events`, { exact: true }).waitFor();
    }
    send({ state: await state(page), status: await page.locator(".request-facts .badge").innerText() });
  }
  await page.locator(".request-facts .badge.good").waitFor();
  const seen = await page.evaluate(async () => {
    const log = document.querySelector(".log");
    const events = new Map();
    for (let top = 0; top <= log.scrollHeight; top += 200) {
      log.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      for (const line of log.querySelectorAll(".log-line"))
        events.set(Number(line.querySelector(".seq").textContent), line.querySelector(".what").textContent);
    }
    return [...events].sort(([a], [b]) => a - b);
  });
  return {
    seen,
    facts: await page.locator(".request-facts").innerText(),
    stages: await page.locator(".timeline").innerText(),
  };
});
