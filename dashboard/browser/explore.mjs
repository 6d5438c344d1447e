// Explore: results of queries, their address and their exports.
import { signIn, runScenario } from "./scenario.mjs";

/** Read the cells of the result, and its last lines. */
async function read(page) {
  await page.waitForFunction(
    () => !document.querySelector("main .loading") && document.querySelector(".ends"),
  );
  return page.evaluate(() => {
    const texts = (row, of) => [...row.querySelectorAll(of)].map((cell) => cell.innerText.trim());
    const exact = (row) => [...row.querySelectorAll("td .value")].map((value) => value.title);
    const table = document.querySelector(".table-scroll table[data-answer], [aria-label='Result'] table");
    return {
      head: texts(table, "th"),
      rows: [...table.querySelectorAll("tbody tr")].map((row) => ({
        cells: texts(row, "td"),
        exact: exact(row),
      })),
      ends: Object.fromEntries(
        [...document.querySelectorAll(".ends > div")].map((end) => [
          end.querySelector("dt").innerText,
          [...end.querySelectorAll("dd")].map((value) => value.dataset.value),
        ]),
      ),
    };
  });
}

await runScenario(async ({ open, options }) => {
  const page = await open({ acceptDownloads: true });
  await signIn(page, options.server, options.key);
  const asked = [];
  for (const query of options.questions) {
    await page.goto(`${options.server}/explore?${query}`);
    asked.push(await read(page));
  }

  // Change a query with the controls: a group, a measure, a filter. Each step changes the address.
  await page.goto(`${options.server}/explore`);
  await read(page);
  await page.getByLabel("Add a group").selectOption("kind");
  await page.getByRole("button", { name: "Remove error rate" }).click();
  await page.getByLabel("Add a filter").selectOption("outcome");
  await page.getByRole("group", { name: "Value of outcome" }).getByRole("button", { name: "error" }).click();
  await page.waitForURL(/where=/);
  const byHand = { address: page.url(), answer: await read(page) };
  await page.reload();
  const again = await read(page);
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("ERROR"));

  await page.getByRole("button", { name: "Show GraphQL" }).click();
  const document = await page.getByLabel("Document", { exact: true }).innerText();
  const variables = await page.getByLabel("Variables", { exact: true }).innerText();
  const files = {};
  for (const name of ["CSV", "JSON Lines", "Parquet"]) {
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name, exact: true }).click();
    const file = await download;
    files[file.suggestedFilename()] = (await (await file.createReadStream()).toArray())
      .map((b) => b.toString("base64"))
      .join("");
  }
  return { asked, byHand, again, document, variables, files };
});
