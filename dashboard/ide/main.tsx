// The entry point of /graphql: the sign-in page if a key is required, then the IDE.
import { useEffect, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { loadSession, session } from "../src/api/session";
import { SignIn } from "../src/shell/sign-in";
import { Ide } from "./ide";
import "../src/styles/index.css";
import "./ide.css";

function Page() {
  const state = useSyncExternalStore(session.subscribe, session.get);
  useEffect(() => void loadSession(), []);
  if (state === "unknown") return null;
  if (state === "signed-out") return <SignIn />;
  return <Ide />;
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<Page />);
