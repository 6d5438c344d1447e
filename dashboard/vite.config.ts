// How the pages are built, served while they are written, and tested.
import { defineConfig } from "vitest/config";

// A running `trackstore serve`; the dev and preview servers hand its paths on.
const server = process.env["TRACKSTORE_SERVER"] ?? "http://127.0.0.1:8000";
const proxy = Object.fromEntries(
  ["/graphql", "/sign-in", "/readyz", "/livez", "/export"].map((path) => [
    path,
    { target: server, ws: true, headers: { origin: server } },
  ]),
);

export default defineConfig({
  build: {
    target: "es2022",
    // The wheel, `make serve` and the tests all take the pages from there.
    outDir: "../server/dashboard/dist",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // A strict policy allows no data: addresses for scripts and styles.
    assetsInlineLimit: 0,
    rolldownOptions: { input: { dashboard: "index.html" } },
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
