// Whether what is shown is live; if not, since when, and what becomes of it.
import { connection, type Connection } from "../api/socket";
import { instant } from "../format";
import { useStore } from "../state/store";

const WORDS: Record<Connection["state"], string> = {
  idle: "Not following",
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
        {lost ? <span className="wide-only"> · shown as of {instant(since)}</span> : null}
      </span>
    </span>
  );
}

function explanation(state: Connection["state"], since: number): string {
  switch (state) {
    case "live":
      return `Connected since ${instant(since)}. Changes are shown as they are committed.`;
    case "reconnecting":
    case "offline":
      return (
        `The connection was lost at ${instant(since)}: what happened since is not shown yet. ` +
        "It is tried again all the time, and then goes on behind the last event that came: nothing is lost."
      );
    case "connecting":
      return "The connection is being made.";
    case "idle":
      return "This page asks for its numbers when it is opened; it follows nothing.";
  }
}
