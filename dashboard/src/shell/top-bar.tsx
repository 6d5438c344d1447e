// Controls for all pages: organization, range, connection, theme and account.
import { useMemo } from "react";
import { OrganizationsDocument } from "../api/generated";
import { session, signOut } from "../api/session";
import { closeSocket } from "../api/socket";
import { useQuery } from "../api/use-query";
import { Choice, Segments } from "../components/choice";
import { Icon } from "../components/icons";
import { usePath } from "../router";
import { findRoute } from "../routes";
import { RANGE_LABELS, RANGES, setRange, useRange } from "../state/range";
import { useStore } from "../state/store";
import { chooseTheme, theme, THEMES } from "../state/theme";
import { setOrganization, useOrganization, useViewer } from "../state/viewer";
import { ConnectionState } from "./connection-state";

const RANGE_OPTIONS = RANGES.map((value) => ({ value, text: value }));

export function TopBar() {
  const range = useRange();
  const hiddenControls = findRoute(usePath())?.route.hiddenControls ?? [];
  return (
    <header className="top-bar">
      <Organization fixed={hiddenControls.includes("organization")} />
      {hiddenControls.includes("range") ? null : (
        <Segments
          label={`Time range: ${RANGE_LABELS[range]}`}
          options={RANGE_OPTIONS}
          value={range}
          onChoose={setRange}
        />
      )}
      <span className="spring" />
      <ConnectionState />
      <ThemeButton />
      <Account />
    </header>
  );
}

const DAY_MS = 86_400_000;
const ORGANIZATION_DAYS = 31;

/** A list of organizations for viewers of all; otherwise the viewer's organization. */
function Organization({ fixed }: { fixed: boolean }) {
  const viewer = useViewer();
  const selected = useOrganization();
  const since = useMemo(
    () => new Date(Math.floor(Date.now() / DAY_MS - ORGANIZATION_DAYS) * DAY_MS).toISOString(),
    [],
  );
  const seesAll = viewer.organizationId === null;
  const { data } = useQuery(OrganizationsDocument, seesAll ? { since } : null);
  const names = useMemo(() => {
    const rows = [...(data?.operationStats.rows ?? []), ...(data?.requestStats.rows ?? [])];
    const ids = new Set(rows.map((row) => row.key.organizationId).filter((name) => name !== null));
    if (selected !== null) ids.add(selected);
    return [...ids].sort();
  }, [data, selected]);
  if (!seesAll) return <span className="organization">{viewer.organizationId}</span>;
  if (fixed) return null;
  return (
    <Choice
      label="Organization"
      options={[
        { value: "", text: "All organizations" },
        ...names.map((name) => ({ value: name, text: name })),
      ]}
      value={selected ?? ""}
      onChoose={(name) => setOrganization(name || null)}
    />
  );
}

const THEME_ICON = { system: "system", light: "sun", dark: "moon" } as const;

function ThemeButton() {
  const current = useStore(theme);
  const next = THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? "system";
  const label = `Theme: ${current}. Change to ${next}`;
  return (
    <button
      type="button"
      className="icon-button"
      onClick={() => chooseTheme(next)}
      title={label}
      aria-label={label}
    >
      <Icon name={THEME_ICON[current]} />
    </button>
  );
}

function Account() {
  const viewer = useViewer();
  const state = useStore(session);
  if (state === "open") {
    return (
      <span
        className="account muted"
        title="The server requires no key and accepts calls from this machine only"
      >
        open
      </span>
    );
  }
  const handleSignOut = () => void signOut().then(closeSocket);
  return (
    <span className="account">
      <span title={`Signed in with key ${viewer.name}: ${viewer.scopes.join(", ").toLowerCase()}`}>
        {viewer.name}
      </span>
      <button
        type="button"
        className="icon-button"
        onClick={handleSignOut}
        title="Sign out"
        aria-label="Sign out"
      >
        <Icon name="leave" />
      </button>
    </span>
  );
}
