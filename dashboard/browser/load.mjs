// A page left open while much happens: what it holds stays bounded, and a long log scrolls smoothly.
import { hear, say, signIn, story } from "./scenario.mjs";

async function heap(cdp) {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize } = await cdp.send("Runtime.getHeapUsage");
  const { nodes } = await cdp.send("Memory.getDOMCounters");
  return { bytes: usedSize, nodes };
}

async function scroll(page) {
  return page.evaluate(async () => {
    const log = document.querySelector(".log");
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const times = [];
    let most = 0;
    let before = await frame();
    for (let step = 0; step <= 60; step += 1) {
      log.scrollTop = (log.scrollHeight / 60) * step;
      const now = await frame();
      times.push(now - before);
      before = now;
      most = Math.max(most, log.querySelectorAll(".log-line").length);
    }
    return { median: times.sort((a, b) => a - b)[30], most };
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
  }
  const rows = await page.locator("tbody tr").count();
  return { scrolled, measured, rows };
});
