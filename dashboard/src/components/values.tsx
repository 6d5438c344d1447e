// Displays of single values: ids, times, durations, statuses.
import { useEffect, useState } from "react";
import type { BreakerState, RequestStatus, Severity, StageStatus } from "../api/generated";
import { duration, exactInstant, fromNow, instant, NO_VALUE, sentenceCase } from "../format";
import { useNow } from "../state/now";
import { Icon, type IconName } from "./icons";

/** An id with a copy button; `short` shows its end only. */
export function Id({ value, short = false }: { value: string; short?: boolean }) {
  return (
    <span className="id">
      <code title={value}>{short && value.length > 10 ? `…${value.slice(-8)}` : value}</code>
      <CopyButton text={value} label="id" />
    </span>
  );
}

const COPIED_MS = 1_200;

/** Copy a text to the clipboard and confirm it for a moment. */
export function CopyButton({ text, label }: { text: string; label: string }) {
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
      title={copied ? "Copied" : `Copy ${label}`}
    >
      <Icon name={copied ? "check" : "copy"} size={13} />
      <span className="hidden">{copied ? "Copied" : `Copy ${label}`}</span>
    </button>
  );
}

/** Write to the clipboard, which exists only in secure contexts: https or loopback. */
async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** A time in the viewer's time zone; the exact time on hover. */
export function Instant({
  value,
  relative = false,
}: {
  value: string | null | undefined;
  relative?: boolean;
}) {
  const now = useNow(relative && Boolean(value));
  if (!value) return <span className="muted">{NO_VALUE}</span>;
  return (
    <time dateTime={value} title={exactInstant(value)}>
      {relative ? fromNow(value, now) : instant(value)}
    </time>
  );
}

/** A duration; exact milliseconds on hover. */
export function Duration({ ms }: { ms: number | null | undefined }) {
  if (ms == null) return <span className="muted">{NO_VALUE}</span>;
  return <span title={`${Math.round(ms * 1000) / 1000} ms`}>{duration(ms)}</span>;
}

/** The time elapsed since an instant, updated every second. */
export function Running({ since }: { since: string | null | undefined }) {
  const now = useNow(Boolean(since));
  return <Duration ms={since ? Math.max(0, now - Date.parse(since)) : null} />;
}

type Tone = "good" | "bad" | "warn" | "active" | "calm";
const STATUS_STYLES: Record<RequestStatus | StageStatus | BreakerState, { icon: IconName; tone: Tone }> = {
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

/** A status with icon and label, so that it does not depend on color. */
export function StatusBadge({ status }: { status: RequestStatus | StageStatus | BreakerState }) {
  const { icon, tone } = STATUS_STYLES[status];
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} size={12} />
      {sentenceCase(status)}
    </span>
  );
}

const SEVERITY_TONES: Record<Severity, Tone> = {
  DEBUG: "calm",
  INFO: "calm",
  WARNING: "warn",
  ERROR: "bad",
  CRITICAL: "bad",
};

export function SeverityLabel({ severity }: { severity: Severity }) {
  return <span className={`severity ${SEVERITY_TONES[severity]}`}>{severity.toLowerCase()}</span>;
}

/** A progress bar with its percentage. */
export function Progress({ value, label }: { value: number; label: string }) {
  const text = `${Math.floor(value * 100)} %`;
  return (
    <span className="progress">
      <progress max={1} value={value} aria-label={`${label}: ${text}`} />
      <span className="number">{text}</span>
    </span>
  );
}
