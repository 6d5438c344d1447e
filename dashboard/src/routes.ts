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
  /** How the navigation calls it; without it the page is reached from others. */
  title?: string;
  icon?: IconName;
}

export const ROUTES: readonly Route[] = [
  { path: "/", page: lazy(() => import("./pages/overview/page")), title: "Overview", icon: "overview" },
  {
    path: "/requests",
    page: lazy(() => import("./pages/requests/page")),
    title: "Requests",
    icon: "requests",
  },
  { path: "/requests/:id", page: lazy(() => import("./pages/request/page")) },
  { path: "/explore", page: lazy(() => import("./pages/explore/page")), title: "Explore", icon: "explore" },
  { path: "/savings", page: lazy(() => import("./pages/savings/page")), title: "Savings", icon: "savings" },
  { path: "/usage", page: lazy(() => import("./pages/usage/page")), title: "Usage", icon: "usage" },
  {
    path: "/breakers",
    page: lazy(() => import("./pages/breakers/page")),
    title: "Breakers",
    icon: "breakers",
  },
  { path: "/keys", page: lazy(() => import("./pages/keys/page")), title: "API keys", icon: "keys" },
  { path: "/about", page: lazy(() => import("./pages/about/page")), title: "About", icon: "about" },
];

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
