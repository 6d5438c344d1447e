// The entry point of the pages.
import "./state/theme";
import "./styles/index.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { prefetch } from "./api/prefetch";
import { ViewerDocument } from "./api/generated";
import { loadSession, session } from "./api/session";
import { App } from "./app";
import { preload } from "./routes";

const page = preload(location.pathname);
// Subscribed before the app renders, so that the first queries are already on their way.
const unsubscribe = session.subscribe(() => {
  if (session.get() !== "open" && session.get() !== "signed-in") return;
  unsubscribe();
  prefetch(ViewerDocument, {});
  // A page that cannot be loaded is reported where it is rendered.
  page.then((module) => module?.preloadData?.(new URLSearchParams(location.search))).catch(() => {});
});
void loadSession();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
