// Light, dark, or as the system has it; a choice is kept in this browser.
import { Store } from "./store";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "trackstore.theme";

function readTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === kept) ?? "system";
  } catch {
    return "system";
  }
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export const theme = new Store<Theme>(readTheme());
apply(theme.get());

export function chooseTheme(chosen: Theme): void {
  try {
    if (chosen === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, chosen);
  } catch {
    // Without storage the choice holds until the page is left.
  }
  apply(chosen);
  theme.set(chosen);
}

/** Called when colors change, by choice or by the system. */
export function onColors(listener: () => void): () => void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", listener);
  const unsubscribe = theme.subscribe(listener);
  return () => {
    system.removeEventListener("change", listener);
    unsubscribe();
  };
}
