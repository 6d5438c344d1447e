// The signed-in viewer: scopes and organization.
import { createContext, useContext } from "react";
import type { AccessScope, ViewerQuery } from "../api/generated";
import { setQuery, useQueryString } from "../router";

export type Viewer = ViewerQuery["viewer"];

export const ViewerContext = createContext<Viewer | null>(null);

/** Return the viewer; pages are rendered only after it is known. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("useViewer requires a signed-in page");
  return viewer;
}

/** Return whether the viewer has a scope; ADMIN includes all. */
export function useHasScope(scope: AccessScope): boolean {
  const { scopes } = useViewer();
  return scopes.includes(scope) || scopes.includes("ADMIN");
}

/** Return the organization to show: the viewer's own, or the selected one; null for all. */
export function useOrganization(): string | null {
  const { organizationId } = useViewer();
  const selected = useQueryString().get("organization");
  return organizationId ?? selected;
}

export function setOrganization(organization: string | null): void {
  setQuery({ organization });
}
