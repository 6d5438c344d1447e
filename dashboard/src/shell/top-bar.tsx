// What holds for all pages: organization, range, connection, theme, and who is signed in.
import { useMemo } from "react";
import { OrganizationsDocument } from "../api/generated";
import { session, signOut } from "../api/session";
import { closeSocket } from "../api/socket";
import { useQuery } from "../api/use-query";
import { Choice, Segments } from "../components/choice";
import { Icon } from "../components/icons";
import { usePath } from "../router";
import { findRoute } from "../routes";
import { RANGE_WORDS, RANGES, setRange, useRange } from "../state/range";
import { useStore } from "../state/store";
import { chooseTheme, theme, THEMES } from "../state/theme";
import { setOrganization, useOrganization, useViewer } from "../state/viewer";
import { ConnectionState } from "./connection-state";

const RANGE_OPTIONS = RANGES.map((value) => ({ value, text: value }));

export function TopBar() {
  const range = useRange();
  const without = findRoute(usePath())?.route.without ?? [];
  return (
    <header className="top-bar">
      <Organization fixed={without.includes("organization")} />
      {without.includes("range") ? null : (
        <Segments
          label={`Range: ${RANGE_WORDS[range]}`}
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
const KNOWN_DAYS = 31;

/** Administrators of all choose; others see where they are. */
function Organization({ fixed }: { fixed: boolean }) {
  const viewer = useViewer();
  const chosen = useOrganization();
  const since = useMemo(
    () => new Date(Math.floor(Date.now() / DAY_MS - KNOWN_DAYS) * DAY_MS).toISOString(),
    [],
  );
  const all = viewer.organizationId === null;
  const { data } = useQuery(OrganizationsDocument, all ? { since } : null);
  const names = useMemo(() => {
    const rows = [...(data?.operationStats.rows ?? []), ...(data?.requestStats.rows ?? [])];
    const found = new Set(rows.map((row) => row.key.organizationId).filter((name) => name !== null));
    if (chosen !== null) found.add(chosen);
    return [...found].sort();
  }, [data, chosen]);
  if (!all) return <span className="organization">{viewer.organizationId}</span>;
  if (fixed) return null;
  return (
    <Choice
      label="Organization"
      options={[
        { value: "", text: "All organizations" },
        ...names.map((name) => ({ value: name, text: name })),
      ]}
      value={chosen ?? ""}
      onChoose={(name) => setOrganization(name || null)}
    />
  );
}

const THEME_ICON = { system: "system", light: "sun", dark: "moon" } as const;

function ThemeButton() {
  const present = useStore(theme);
  const next = THEMES[(THEMES.indexOf(present) + 1) % THEMES.length] ?? "system";
  const words = `Theme: ${present}. Change to ${next}`;
  return (
    <button
      type="button"
      className="icon-button"
      onClick={() => chooseTheme(next)}
      title={words}
      aria-label={words}
    >
      <Icon name={THEME_ICON[present]} />
    </button>
  );
}

function Account() {
  const viewer = useViewer();
  const state = useStore(session);
  if (state === "open") {
    return (
      <span className="account muted" title="The server runs without keys, on this machine only">
        open
      </span>
    );
  }
  const leave = () => void signOut().then(closeSocket);
  return (
    <span className="account">
      <span title={`Signed in with the key ${viewer.name}: ${viewer.scopes.join(", ").toLowerCase()}`}>
        {viewer.name}
      </span>
      <button type="button" className="icon-button" onClick={leave} title="Sign out" aria-label="Sign out">
        <Icon name="leave" />
      </button>
    </span>
  );
}
