// A page that stays open under load: its memory is bounded, and a long log renders few lines.
import { receive, send, signIn, runScenario } from "./scenario.mjs";

/** Time until updates are rendered. */
const SETTLED_MS = 1_200;

async function heap(cdp) {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes } = await cdp.send("Memory.getDOMCounters");
  return { bytes: usedSize, nodes };
}

/** Scroll through the log; return the maximum number of lines rendered at once. */
async function scroll(page) {
  return page.evaluate(async () => {
    const log = document.querySelector(".log");
    let max = 0;
    for (let step = 0; step <= 60; step += 1) {
      log.scrollTop = (log.scrollHeight / 60) * step;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      max = Math.max(max, log.querySelectorAll(".log-line").length);
    }
    return max;
  });
}

await runScenario(async ({ open, options }) => {
  const page = await open();
  await signIn(page, options.server, options.key);
  await page.goto(`${options.server}/requests/${options.long}`);
  await page.getByText(`${options.events} events`, { exact: true }).waitFor();
  const scrolled = await scroll(page);

  await page.goto(`${options.server}/requests`);
  await page.locator(".connection.live").waitFor();
  const cdp = await page.context().newCDPSession(page);
  const measured = [];
  for (;;) {
    measured.push(await heap(cdp));
    send({ measured: measured.length });
    if ((await receive()).end) break;
    await page.waitForTimeout(SETTLED_MS);
  }
  const rows = await page.locator("tbody tr").count();
  return { scrolled, measured, rows };
});
