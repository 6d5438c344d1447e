// Where the page begins.
import "./state/theme";
import "./styles/index.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { prefetch } from "./api/prefetch";
import { ViewerDocument } from "./api/generated";
import { findSession, session } from "./api/session";
import { App } from "./app";
import { preload } from "./routes";

const page = preload(location.pathname);
// Before the page itself hears of it, and asks the same.
const stop = session.subscribe(() => {
  if (session.get() !== "open" && session.get() !== "signed-in") return;
  stop();
  prefetch(ViewerDocument, {});
  // A page that cannot be loaded is told of where it should have been.
  page.then((loaded) => loaded?.begin?.(new URLSearchParams(location.search))).catch(() => {});
});
void findSession();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
