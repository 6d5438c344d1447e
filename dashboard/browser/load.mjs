// A page left open while much happens: what it holds stays bounded, and a long log scrolls smoothly.
import { hear, say, signIn, story } from "./scenario.mjs";

/** What came is shown by then. */
const SETTLED_MS = 1_200;

async function heap(cdp) {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes } = await cdp.send("Memory.getDOMCounters");
  return { bytes: usedSize, nodes };
}

/** Scroll through all of the log; the most lines that were drawn at once. */
async function scroll(page) {
  return page.evaluate(async () => {
    const log = document.querySelector(".log");
    let most = 0;
    for (let step = 0; step <= 60; step += 1) {
      log.scrollTop = (log.scrollHeight / 60) * step;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      most = Math.max(most, log.querySelectorAll(".log-line").length);
    }
    return most;
  });
}

await story(async ({ open, given }) => {
  const page = await open();
  await signIn(page, given.server, given.key);
  await page.goto(`${given.server}/requests/${given.long}`);
  await page.getByText(`${given.events} events`, { exact: true }).waitFor();
  const scrolled = await scroll(page);

  await page.goto(`${given.server}/requests`);
  await page.locator(".connection.live").waitFor();
  const cdp = await page.context().newCDPSession(page);
  const measured = [];
  for (;;) {
    measured.push(await heap(cdp));
    say({ measured: measured.length });
    if ((await hear()).end) break;
    await page.waitForTimeout(SETTLED_MS);
  }
  const rows = await page.locator("tbody tr").count();
  return { scrolled, measured, rows };
});
