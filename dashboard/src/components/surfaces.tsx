// Building blocks of pages: titles, cards, statistics, empty states, errors and placeholders.
import { type ReactNode, useEffect, useId } from "react";
import type { ApiError } from "../api/errors";
import { share, type Numeric } from "../format";
import { CopyButton } from "./values";
import { Icon } from "./icons";

/** The heading of a page with its actions; also sets the title of the browser's tab. */
export function PageTitle({
  title,
  sub,
  children,
}: {
  title: string;
  sub?: ReactNode;
  children?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Trackstore`;
  }, [title]);
  return (
    <header className="page-title">
      <div>
        <h1>{title}</h1>
        {sub ? <p className="muted">{sub}</p> : null}
      </div>
      {children ? <div className="actions">{children}</div> : null}
    </header>
  );
}

interface CardProps {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Card({ title, note, actions, children, className = "" }: CardProps) {
  const heading = useId();
  return (
    <section className={`card ${className}`} aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{title}</h2>
        {note ? <span className="muted note">{note}</span> : null}
        {actions ? <div className="actions">{actions}</div> : null}
      </header>
      {children}
    </section>
  );
}

export interface StatProps {
  label: string;
  value: string;
  /** Explanation below the value. */
  detail?: ReactNode;
  /** (value - previous) / previous; null if there is no previous value. */
  change?: number | null | undefined;
  /** Which direction is good; without it, a change has no color. */
  goodWhen?: "more" | "less";
  tone?: "bad" | "warn";
}

/** A value with its change vs. the previous period. */
export function Stat({ label, value, detail, change, goodWhen, tone }: StatProps) {
  return (
    <div className={`stat ${tone ?? ""}`}>
      <dt>{label}</dt>
      <dd>
        <span className="figure">{value}</span>
        {change === undefined ? null : <Change change={change} goodWhen={goodWhen} />}
        {detail ? <span className="muted detail">{detail}</span> : null}
      </dd>
    </div>
  );
}

const MIN_VISIBLE_CHANGE = 0.0005;

function Change({ change, goodWhen }: { change: number | null; goodWhen: "more" | "less" | undefined }) {
  if (change === null || !Number.isFinite(change)) return null;
  if (Math.abs(change) < MIN_VISIBLE_CHANGE) return <span className="change">unchanged</span>;
  const isRising = change > 0;
  const isGood = goodWhen && isRising === (goodWhen === "more");
  const tone = goodWhen ? (isGood ? "good" : "bad") : "";
  const text = `${isRising ? "+" : "−"}${share(Math.abs(change))}`;
  return (
    <span className={`change ${tone}`} title={`${text} vs. previous period`}>
      <Icon name={isRising ? "up" : "down"} size={11} />
      {text}
      <span className="hidden"> vs. previous period</span>
    </span>
  );
}

/** Return (now - before) / before. */
export function relativeChange(
  now: Numeric | null | undefined,
  before: Numeric | null | undefined,
): number | null {
  if (now == null || before == null || before === 0) return null;
  return (Number(now) - Number(before)) / Math.abs(Number(before));
}

/** Shown when there is no data, with what to do about it. */
export function EmptyState({
  title,
  children,
  command,
}: {
  title: string;
  children?: ReactNode;
  command?: string;
}) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children ? <div className="muted">{children}</div> : null}
      {command ? <Command text={command} /> : null}
    </div>
  );
}

/** A command to copy into a terminal. */
export function Command({ text }: { text: string }) {
  return (
    <div className="command">
      <pre tabIndex={0}>{text}</pre>
      <CopyButton text={text} label="command" />
    </div>
  );
}

/** An error with a button to retry. */
export function ErrorState({ problem, retry }: { problem: ApiError; retry?: () => void }) {
  return (
    <div className="error-state" role="alert">
      <Icon name="warning" />
      <div>
        <p>{problem.message}</p>
        <p className="muted">
          {problem.isTransient ? "Retrying every two seconds." : `Error code: ${problem.code}.`}
        </p>
      </div>
      {retry ? (
        <button type="button" onClick={retry}>
          Retry
        </button>
      ) : null}
    </div>
  );
}

/** A placeholder that keeps the layout stable while data loads. */
export function Loading({ lines = 3 }: { lines?: number }) {
  return (
    <div className="loading" role="status">
      <span className="hidden">Loading</span>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="bone" />
      ))}
    </div>
  );
}
