// How the pages are built, and served while they are written.
import { defineConfig } from "vite";

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
    reportCompressedSize: false,
    // The editor of the IDE is large, and loaded by that page only.
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: {
      input: { dashboard: "index.html", explorer: "graphql.html" },
      onLog: (level, log, handle) => {
        // Packages mark what runs in browsers for servers that render them, which nothing here does.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log);
      },
    },
  },
  // The editor of the IDE works in workers, which are modules like everything else.
  worker: { format: "es" },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
});
