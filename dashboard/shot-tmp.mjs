import { chromium } from "playwright-core";
const [base, out, ...paths] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const p of paths) {
    const [path, mode = "light", w = "1280", act = ""] = p.split("|");
    const ctx = await browser.newContext({
        viewport: { width: +w, height: w === "390" ? 844 : 900 },
        colorScheme: mode,
    });
    const page = await ctx.newPage();
    page.on(
        "console",
        (m) => ["error", "warning"].includes(m.type()) && console.log(path, m.type(), m.text().slice(0, 300)),
    );
    page.on("pageerror", (e) => console.log(path, "pageerror", String(e).slice(0, 500)));
    page.on("requestfailed", (r) => console.log(path, "failed", r.url(), r.failure()?.errorText));
    page.on("request", (r) => {
        if (!r.url().startsWith(base) && !r.url().startsWith("data:") && !r.url().startsWith("blob:"))
            console.log(path, "FOREIGN", r.url());
    });
    const t = Date.now();
    await page.goto(base + path);
    await page.waitForTimeout(+(process.env.WAIT ?? 2500));
    if (act) await eval(`(async () => {${act}})()`);
    const name = `${out}/${path.replace(/[^a-z0-9]+/gi, "_").slice(0, 60)}_${mode}_${w}.png`;
    await page.screenshot({ path: name, fullPage: process.env.FULL === "1" });
    console.log(name);
    await ctx.close();
}
await browser.close();
