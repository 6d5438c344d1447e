// Single values: ids that can be copied, instants, durations, states.
import { useEffect, useState } from "react";
import type { BreakerState, RequestStatus, Severity, StageStatus } from "../api/generated";
import { duration, exactInstant, fromNow, instant, NOTHING, words } from "../format";
import { useNow } from "../state/now";
import { Icon, type IconName } from "./icons";

/** An id, short where there is little room, whole when copied. */
export function Id({ value, short = false }: { value: string; short?: boolean }) {
  return (
    <span className="id">
      <code title={value}>{short && value.length > 10 ? `…${value.slice(-8)}` : value}</code>
      <CopyButton text={value} what="id" />
    </span>
  );
}

const COPIED_MS = 1_200;

/** Put a text into the clipboard, and say so for a moment. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => void writeClipboard(text).then(setCopied);
  return (
    <button
      type="button"
      className="icon-button small"
      onClick={copy}
      title={copied ? "Copied" : `Copy ${what}`}
    >
      <Icon name={copied ? "check" : "copy"} size={13} />
      <span className="hidden">{copied ? "Copied" : `Copy ${what}`}</span>
    </button>
  );
}

/** Clipboards exist on safe origins only: loopback is one, plain http elsewhere is none. */
async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A time in the viewer's zone; the exact instant on hover. */
export function Instant({
  value,
  relative = false,
}: {
  value: string | null | undefined;
  relative?: boolean;
}) {
  const now = useNow(relative && Boolean(value));
  if (!value) return <span className="muted">{NOTHING}</span>;
  return (
    <time dateTime={value} title={exactInstant(value)}>
      {relative ? fromNow(value, now) : instant(value)}
    </time>
  );
}

/** A span in words, exact milliseconds on hover. */
export function Duration({ ms }: { ms: number | null | undefined }) {
  if (ms == null) return <span className="muted">{NOTHING}</span>;
  return <span title={`${Math.round(ms * 1000) / 1000} ms`}>{duration(ms)}</span>;
}

/** The time since an instant, which grows while one looks. */
export function Running({ since }: { since: string | null | undefined }) {
  const now = useNow(Boolean(since));
  return <Duration ms={since ? Math.max(0, now - Date.parse(since)) : null} />;
}

type Tone = "good" | "bad" | "warn" | "active" | "calm";
const LOOKS: Record<RequestStatus | StageStatus | BreakerState, { icon: IconName; tone: Tone }> = {
  PENDING: { icon: "clock", tone: "calm" },
  RUNNING: { icon: "play", tone: "active" },
  STALLED: { icon: "pause", tone: "warn" },
  COMPLETED: { icon: "check", tone: "good" },
  FAILED: { icon: "cross", tone: "bad" },
  CANCELLED: { icon: "stop", tone: "calm" },
  SKIPPED: { icon: "skip", tone: "calm" },
  CLOSED: { icon: "check", tone: "good" },
  OPEN: { icon: "breakers", tone: "bad" },
  HALF_OPEN: { icon: "warning", tone: "warn" },
};

/** A state by sign and word, not by color alone. */
export function StatusBadge({ status }: { status: RequestStatus | StageStatus | BreakerState }) {
  const { icon, tone } = LOOKS[status];
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} size={12} />
      {words(status)}
    </span>
  );
}

const SEVERITY: Record<Severity, Tone> = {
  DEBUG: "calm",
  INFO: "calm",
  WARNING: "warn",
  ERROR: "bad",
  CRITICAL: "bad",
};

/** How much an event matters, as a word. */
export function SeverityWord({ severity }: { severity: Severity }) {
  return <span className={`severity ${SEVERITY[severity]}`}>{severity.toLowerCase()}</span>;
}

/** How far something is. The number stands beside the bar. */
export function Progress({ value, label }: { value: number; label: string }) {
  const text = `${Math.floor(value * 100)} %`;
  return (
    <span className="progress">
      <progress max={1} value={value} aria-label={`${label}: ${text}`} />
      <span className="number">{text}</span>
    </span>
  );
}
