// Builds the pages and serves them during development.
import { defineConfig } from "vite";

// A running `trackstore serve`, to which the dev and preview servers forward API calls.
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
    // The wheel, `make serve` and the tests use the pages from there.
    outDir: "../server/dashboard/dist",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // The Content Security Policy allows no data: URLs for scripts and styles.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // The editor of the IDE is large and is loaded by that page only.
    chunkSizeWarningLimit: 4_000,
    rolldownOptions: {
      input: { dashboard: "index.html", explorer: "graphql.html" },
      onLog: (level, log, handle) => {
        // Packages contain directives for server-side rendering, which is not used here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log);
      },
    },
  },
  // The editor of the IDE uses web workers.
  worker: { format: "es" },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
});
