// What needs a look: breakers that are not closed, and whatever fails in more than a tenth of its runs.
import type { TroubleQuery } from "../../api/generated";
import { Icon } from "../../components/icons";
import { share, type Whole } from "../../format";
import { useOrganization } from "../../state/viewer";
import { failureRate, TOO_MANY_FAILURES } from "./figures";

const MOST_SHOWN = 6;

export function Warnings({ trouble }: { trouble: TroubleQuery }) {
  const all = warningsOf(trouble, useOrganization() === null);
  if (all.length === 0) return null;
  const rest = all.length - MOST_SHOWN;
  return (
    <ul className="warnings" aria-label="Warnings">
      {all.slice(0, MOST_SHOWN).map((text) => (
        <li key={text}>
          <Icon name="warning" size={14} />
          {text}
        </li>
      ))}
      {rest > 0 ? <li className="muted">and {rest} more, in the tables below</li> : null}
    </ul>
  );
}

/** One sentence each; where many organizations are shown, with the one it is about. */
export function warningsOf(
  { types, stages, circuitBreakers }: TroubleQuery,
  manyOrganizations: boolean,
): string[] {
  const breakers = circuitBreakers.flatMap(({ warnings, organizationId }) =>
    warnings.map((text) => (manyOrganizations ? `${text} (${organizationId})` : text)),
  );
  const failing = (what: string, part: { errorCount: Whole; completedCount: Whole }) => {
    const rate = failureRate(part);
    return rate !== null && rate > TOO_MANY_FAILURES ? [`${what} fail in ${share(rate)} of runs`] : [];
  };
  return [
    ...breakers,
    ...types.rows.flatMap((row) => failing(`Requests of type ${row.key.type}`, row)),
    ...stages.rows.flatMap((row) => failing(`Stages ${row.key.name}`, row)),
  ];
}
