// The pages by path, and what the navigation lists. Each page is a separate chunk of the bundle.
import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { IconName } from "./components/icons";

export interface PageProps {
  /** The value of the path's parameter. */
  parameter: string | null;
}

export interface Route {
  /** A path; `:id` at its end matches one segment. */
  path: string;
  page: LazyExoticComponent<ComponentType<PageProps>>;
  load: () => Promise<PageModule>;
  /** Title in the navigation. Pages without one are reached by links. */
  title?: string;
  icon?: IconName;
  /** Controls of the top bar that do not apply to this page. */
  hiddenControls?: readonly ("range" | "organization")[];
}

interface PageModule {
  default: ComponentType<PageProps>;
  /** Send the first queries of the page before it is rendered. */
  preloadData?: (query: URLSearchParams) => void;
}

type Load = () => Promise<PageModule>;

function route(path: string, load: Load, options: Omit<Route, "path" | "page" | "load"> = {}): Route {
  return { path, load, page: lazy(load), ...options };
}

export const ROUTES: readonly Route[] = [
  route("/", () => import("./pages/overview/page"), { title: "Overview", icon: "overview" }),
  route("/requests", () => import("./pages/requests/page"), { title: "Requests", icon: "requests" }),
  route("/requests/:id", () => import("./pages/request/page"), { hiddenControls: ["range", "organization"] }),
  route("/explore", () => import("./pages/explore/page"), { title: "Explore", icon: "explore" }),
  route("/savings", () => import("./pages/savings/page"), { title: "Savings", icon: "savings" }),
  route("/usage", () => import("./pages/usage/page"), {
    title: "Usage",
    icon: "usage",
    hiddenControls: ["range"],
  }),
  route("/breakers", () => import("./pages/breakers/page"), {
    title: "Breakers",
    icon: "breakers",
    hiddenControls: ["range"],
  }),
  route("/keys", () => import("./pages/keys/page"), {
    title: "API keys",
    icon: "keys",
    hiddenControls: ["range"],
  }),
  route("/about", () => import("./pages/about/page"), {
    title: "About",
    icon: "about",
    hiddenControls: ["range", "organization"],
  }),
];

/** Load the page of a path while the session is still being checked. */
export function preload(path: string): Promise<PageModule | undefined> {
  return findRoute(path)?.route.load() ?? Promise.resolve(undefined);
}

/** Return the route of a path, and its parameter. */
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
