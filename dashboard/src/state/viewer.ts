// Who looks: what they may do, and of which organization they see the numbers.
import { createContext, useContext } from "react";
import type { AccessScope, ViewerQuery } from "../api/generated";
import { setQuery, useQueryString } from "../router";

export type Viewer = ViewerQuery["viewer"];

export const ViewerContext = createContext<Viewer | null>(null);

/** The viewer; pages are drawn only when it is known. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("used outside of the signed-in page");
  return viewer;
}

/** Whether the viewer has a permission; an administrator has all. */
export function useMay(scope: AccessScope): boolean {
  const { scopes } = useViewer();
  return scopes.includes(scope) || scopes.includes("ADMIN");
}

/** The organization to show: the viewer's own, else the chosen one, else null for all. */
export function useOrganization(): string | null {
  const { organizationId } = useViewer();
  const chosen = useQueryString().get("organization");
  return organizationId ?? chosen;
}

export function setOrganization(organization: string | null): void {
  setQuery({ organization });
}
