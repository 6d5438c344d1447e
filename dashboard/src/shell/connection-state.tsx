// The state of the live connection in the top bar.
import { connection, type Connection } from "../api/socket";
import { instant } from "../format";
import { useStore } from "../state/store";

const STATE_LABELS: Record<Connection["state"], string> = {
  idle: "Not live",
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
};

export function ConnectionState() {
  const { state, since } = useStore(connection);
  const isLost = state === "reconnecting" || state === "offline";
  return (
    <span className={`connection ${state}`} role="status" title={explanation(state, since)}>
      <span className="dot" aria-hidden="true" />
      <span>
        {STATE_LABELS[state]}
        {isLost ? <span className="wide-only"> · data as of {instant(since)}</span> : null}
      </span>
    </span>
  );
}

function explanation(state: Connection["state"], since: number): string {
  switch (state) {
    case "live":
      return `Connected since ${instant(since)}. Changes appear as they are committed.`;
    case "reconnecting":
    case "offline":
      return (
        `Connection lost at ${instant(since)}. Later changes are not shown yet. ` +
        "After reconnecting, updates resume where they stopped, so nothing is lost."
      );
    case "connecting":
      return "Connecting to the server.";
    case "idle":
      return "This page has no live updates.";
  }
}
