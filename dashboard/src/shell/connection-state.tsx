// Whether what is shown is live; if not, since when, and what becomes of it.
import { connection, type Connection } from "../api/socket";
import { instant } from "../format";
import { useStore } from "../state/store";

const WORDS: Record<Connection["state"], string> = {
  idle: "Not live",
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
};

export function ConnectionState() {
  const { state, since } = useStore(connection);
  const lost = state === "reconnecting" || state === "offline";
  return (
    <span className={`connection ${state}`} role="status" title={explanation(state, since)}>
      <span className="dot" aria-hidden="true" />
      <span>
        {WORDS[state]}
        {lost ? <span className="wide-only"> · data as of {instant(since)}</span> : null}
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
        `The connection was lost at ${instant(since)}. Later changes are not shown yet. ` +
        "Reconnecting continues after the last received event, so nothing is lost."
      );
    case "connecting":
      return "Connecting to the server.";
    case "idle":
      return "This page loads its numbers once and has no live updates.";
  }
}
