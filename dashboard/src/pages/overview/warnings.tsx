// Warnings about breakers, and about request types and stages that fail in more than 10 % of their runs.
import type { BreakdownsQuery } from "../../api/generated";
import { Icon } from "../../components/icons";
import { share, type Numeric } from "../../format";
import { useOrganization } from "../../state/viewer";
import { failureRate, HIGH_FAILURE_RATE } from "./figures";

const MAX_WARNINGS = 6;

export function Warnings({ breakdowns }: { breakdowns: BreakdownsQuery }) {
  const warnings = warningsOf(breakdowns, useOrganization() === null);
  if (warnings.length === 0) return null;
  const hiddenCount = warnings.length - MAX_WARNINGS;
  return (
    <ul className="warnings" aria-label="Warnings">
      {warnings.slice(0, MAX_WARNINGS).map((text) => (
        <li key={text}>
          <Icon name="warning" size={14} />
          {text}
        </li>
      ))}
      {hiddenCount > 0 ? <li className="muted">and {hiddenCount} more in the tables below</li> : null}
    </ul>
  );
}

/** Return one sentence per warning, with its organization if several are shown. */
export function warningsOf(
  { types, stages, circuitBreakers }: BreakdownsQuery,
  manyOrganizations: boolean,
): string[] {
  const breakers = circuitBreakers.flatMap(({ warnings, organizationId }) =>
    warnings.map((text) => (manyOrganizations ? `${text} (${organizationId})` : text)),
  );
  const failureWarning = (subject: string, counts: { errorCount: Numeric; completedCount: Numeric }) => {
    const rate = failureRate(counts);
    return rate !== null && rate > HIGH_FAILURE_RATE ? [`${subject} in ${share(rate)} of runs`] : [];
  };
  return [
    ...breakers,
    ...types.rows.flatMap((row) => failureWarning(`Requests of type ${row.key.type} fail`, row)),
    ...stages.rows.flatMap((row) => failureWarning(`Stage ${row.key.name} fails`, row)),
  ];
}
