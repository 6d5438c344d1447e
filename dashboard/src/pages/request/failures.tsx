// Errors of a request and of its attempts, with tracebacks.
import { JsonView } from "../../components/json-view";
import { Card } from "../../components/surfaces";
import { Duration, StatusBadge } from "../../components/values";
import type { RequestNow } from "./use-request";

/** Return whether there are no details. */
function isEmpty(details: unknown): boolean {
  return details === null || (typeof details === "object" && Object.keys(details).length === 0);
}

export function FailureCard({ request }: { request: RequestNow }) {
  const { error, cancelReason } = request;
  if (cancelReason) {
    return (
      <Card title="Cancellation reason">
        <p className="padded">{cancelReason}</p>
      </Card>
    );
  }
  if (!error) return null;
  return (
    <Card title="Error" note={error.stage ? `in stage ${error.stage}` : null} className="failed">
      <p className="padded error-text">{error.message ?? "No error message."}</p>
      {isEmpty(error.details) ? null : <JsonView value={error.details} label="Error details" />}
    </Card>
  );
}

export function FailedAttempts({ stages }: { stages: RequestNow["stages"] }) {
  const failed = stages.flatMap(({ name, maxAttempts, attempts }) =>
    attempts
      .filter(({ errorMessage, error }) => errorMessage !== null || error !== null)
      .map((attempt) => ({ name, maxAttempts, ...attempt })),
  );
  if (failed.length === 0) return null;
  return (
    <Card title="Failed attempts">
      <ul className="attempts">
        {failed.map((attempt) => (
          <li key={`${attempt.name} ${attempt.attempt}`}>
            <p>
              <StatusBadge status={attempt.status} /> <strong>{attempt.name}</strong>{" "}
              <span className="muted">
                attempt {attempt.attempt} of {attempt.maxAttempts}, after <Duration ms={attempt.durationMs} />
              </span>
            </p>
            <p className="error-text">{attempt.errorMessage}</p>
            {isEmpty(attempt.error) ? null : (
              <details>
                <summary>Details</summary>
                <JsonView
                  value={attempt.error}
                  label={`Details of attempt ${attempt.attempt} of ${attempt.name}`}
                />
              </details>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
