// Which page stands at which path, and what the navigation lists. Each page is its own piece of the bundle.
import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { IconName } from "./components/icons";

export interface PageProps {
  /** What the path has in the place of `:name`. */
  parameter: string | null;
}

export interface Route {
  /** A path; `:id` at its end takes one segment. */
  path: string;
  page: LazyExoticComponent<ComponentType<PageProps>>;
  load: () => Promise<PageModule>;
  /** How the navigation calls it; without it the page is reached from others. */
  title?: string;
  icon?: IconName;
  /** What it has no use for: the top bar leaves it out. */
  without?: readonly ("range" | "organization")[];
}

interface PageModule {
  default: ComponentType<PageProps>;
  /** Prefetches what the page shows first. */
  begin?: (query: URLSearchParams) => void;
}

type Load = () => Promise<PageModule>;

function route(path: string, load: Load, listed: Omit<Route, "path" | "page" | "load"> = {}): Route {
  return { path, load, page: lazy(load), ...listed };
}

export const ROUTES: readonly Route[] = [
  route("/", () => import("./pages/overview/page"), { title: "Overview", icon: "overview" }),
  route("/requests", () => import("./pages/requests/page"), { title: "Requests", icon: "requests" }),
  route("/requests/:id", () => import("./pages/request/page"), { without: ["range", "organization"] }),
  route("/explore", () => import("./pages/explore/page"), { title: "Explore", icon: "explore" }),
  route("/savings", () => import("./pages/savings/page"), { title: "Savings", icon: "savings" }),
  route("/usage", () => import("./pages/usage/page"), { title: "Usage", icon: "usage", without: ["range"] }),
  route("/breakers", () => import("./pages/breakers/page"), {
    title: "Breakers",
    icon: "breakers",
    without: ["range"],
  }),
  route("/keys", () => import("./pages/keys/page"), { title: "API keys", icon: "keys", without: ["range"] }),
  route("/about", () => import("./pages/about/page"), {
    title: "About",
    icon: "about",
    without: ["range", "organization"],
  }),
];

/** Fetch the page of a path while it is still being found out who looks. */
export function preload(path: string): Promise<PageModule | undefined> {
  return findRoute(path)?.route.load() ?? Promise.resolve(undefined);
}

/** The route of a path, and its parameter. */
export function findRoute(path: string): { route: Route; parameter: string | null } | null {
  for (const route of ROUTES) {
    if (route.path === path) return { route, parameter: null };
    const stem = route.path.endsWith("/:id") ? route.path.slice(0, -3) : null;
    if (stem !== null && path.startsWith(stem) && !path.slice(stem.length).includes("/")) {
      return { route, parameter: decodeURIComponent(path.slice(stem.length)) };
    }
  }
  return null;
}
