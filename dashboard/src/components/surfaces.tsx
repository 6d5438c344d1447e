// What pages are made of: titles, cards, figures, and what stands where there is nothing or where something failed.
import { type ReactNode, useEffect, useId } from "react";
import type { ApiError } from "../api/errors";
import { share, type Whole } from "../format";
import { CopyButton } from "./values";
import { Icon } from "./icons";

/** The heading of a page, with what can be done on it at the right; names the browser's tab, too. */
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

/** A titled area. */
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
  /** Under the figure: what it is made of. */
  detail?: ReactNode;
  /** (now - before) / before; null, and not shown, where there was nothing before. */
  change?: number | null | undefined;
  /** Whether more is better; without it a change has no color. */
  better?: "more" | "less";
  tone?: "bad" | "warn";
}

/** A figure, with how it moved vs. previous period. */
export function Stat({ label, value, detail, change, better, tone }: StatProps) {
  return (
    <div className={`stat ${tone ?? ""}`}>
      <dt>{label}</dt>
      <dd>
        <span className="figure">{value}</span>
        {change === undefined ? null : <Change change={change} better={better} />}
        {detail ? <span className="muted detail">{detail}</span> : null}
      </dd>
    </div>
  );
}

const STILL = 0.0005;

function Change({ change, better }: { change: number | null; better: "more" | "less" | undefined }) {
  if (change === null || !Number.isFinite(change)) return null;
  if (Math.abs(change) < STILL) return <span className="change">unchanged</span>;
  const rising = change > 0;
  const good = better && rising === (better === "more");
  const tone = better ? (good ? "good" : "bad") : "";
  const text = `${rising ? "+" : "−"}${share(Math.abs(change))}`;
  return (
    <span className={`change ${tone}`} title={`${text} vs. previous period`}>
      <Icon name={rising ? "up" : "down"} size={11} />
      {text}
      <span className="hidden"> vs. previous period</span>
    </span>
  );
}

/** How a value moved: (now - before) / before. */
export function changeOf(now: Whole | null | undefined, before: Whole | null | undefined): number | null {
  if (now == null || before == null || before === 0) return null;
  return (Number(now) - Number(before)) / Math.abs(Number(before));
}

/** Nothing to show yet, and what to do so that there is. */
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
      <CopyButton text={text} what="command" />
    </div>
  );
}

/** A question that got no answer, said in words, with a way to ask again. */
export function ErrorState({ problem, retry }: { problem: ApiError; retry?: () => void }) {
  return (
    <div className="error-state" role="alert">
      <Icon name="warning" />
      <div>
        <p>{problem.message}</p>
        <p className="muted">
          {problem.passing ? "Retrying every two seconds." : `Error code: ${problem.code}.`}
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

/** Room for what is on its way, so that nothing jumps when it comes. */
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
