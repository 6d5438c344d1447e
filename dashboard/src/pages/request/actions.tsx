// Actions on a request: cancel it, or retry failed stages.
import { useState } from "react";
import { execute } from "../../api/client";
import { ApiError } from "../../api/errors";
import { CancelRequestDocument, RetryRequestDocument, RetryStageDocument } from "../../api/generated";
import { Icon } from "../../components/icons";
import { useHasScope } from "../../state/viewer";
import type { RequestNow } from "./use-request";

interface ActionsProps {
  request: RequestNow;
  onDone: () => void;
}

export function Actions({ request, onDone }: ActionsProps) {
  const canIngest = useHasScope("INGEST");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  if (!canIngest || request.status === "COMPLETED" || request.status === "CANCELLED") return null;
  const run = async (mutation: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await mutation();
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
    onDone();
  };
  const retry = (stage: string, force = false) =>
    run(() => execute(RetryStageDocument, { id: request.uuid, stage, force }));
  const retryAll = () => run(() => execute(RetryRequestDocument, { id: request.uuid }));
  const cancel = (reason: string | null) =>
    run(() => execute(CancelRequestDocument, { id: request.uuid, reason }));
  return (
    <>
      {problem ? (
        <span className="problem" role="alert">
          {problem}
        </span>
      ) : null}
      <Retries request={request} busy={busy} onRetry={retry} onRetryAll={retryAll} />
      {request.endedAt === null ? (
        <CancelButton busy={busy} onCancel={(reason) => void cancel(reason)} />
      ) : null}
    </>
  );
}

interface RetriesProps {
  request: RequestNow;
  busy: boolean;
  onRetry: (stage: string, force?: boolean) => Promise<void>;
  onRetryAll: () => Promise<void>;
}

/** A button for each stage that can be retried, or for the request if no stage failed. */
function Retries({ request, busy, onRetry, onRetryAll }: RetriesProps) {
  const canForce = useHasScope("ADMIN");
  return (
    <>
      {retryableStages(request).map((stage) => (
        <button type="button" key={stage} disabled={busy} onClick={() => void onRetry(stage)}>
          <Icon name="retry" size={13} /> Retry {stage}
        </button>
      ))}
      {canForce
        ? forceRetryStages(request).map((stage) => (
            <button type="button" key={stage} disabled={busy} onClick={() => void onRetry(stage, true)}>
              <Icon name="retry" size={13} /> Force retry of {stage}
            </button>
          ))
        : null}
      {canRetryRequest(request) ? (
        <button type="button" disabled={busy} onClick={() => void onRetryAll()}>
          <Icon name="retry" size={13} /> Retry request
        </button>
      ) : null}
    </>
  );
}

type FailedRequest = Pick<RequestNow, "stages" | "status" | "error">;
type Stage = RequestNow["stages"][number];

/** Return the failed stages, and the one in which a failed request ended. */
function failedStages({ stages, status, error }: FailedRequest): Stage[] {
  return stages.filter(
    (stage) =>
      stage.status === "FAILED" ||
      (status === "FAILED" && stage.name === error?.stage && stage.status !== "COMPLETED"),
  );
}

function hasRetriesLeft(stage: Stage): boolean {
  const isFinal = stage.status === "FAILED" && stage.retryable === false;
  return !isFinal && stage.attempt < stage.maxAttempts;
}

/** Return the names of stages that have attempts left and whose failure is retryable. */
export function retryableStages(request: FailedRequest): string[] {
  return failedStages(request)
    .filter(hasRetriesLeft)
    .map((stage) => stage.name);
}

/** Return the names of stages that only an administrator can retry. */
export function forceRetryStages(request: FailedRequest): string[] {
  return failedStages(request)
    .filter((stage) => !hasRetriesLeft(stage))
    .map((stage) => stage.name);
}

/** Return whether a failed request has no stage to retry, so that the request itself is retried. */
export function canRetryRequest(request: FailedRequest): boolean {
  return request.status === "FAILED" && failedStages(request).length === 0;
}

/** Ask for confirmation and a reason, because a cancellation cannot be undone. */
function CancelButton({ busy, onCancel }: { busy: boolean; onCancel: (reason: string | null) => void }) {
  const [isConfirming, setConfirming] = useState(false);
  const [reason, setReason] = useState("");
  if (!isConfirming) {
    return (
      <button type="button" disabled={busy} onClick={() => setConfirming(true)}>
        Cancel request
      </button>
    );
  }
  return (
    <form
      className="actions"
      onSubmit={(event) => {
        event.preventDefault();
        setConfirming(false);
        onCancel(reason.trim() || null);
      }}
    >
      <input
        aria-label="Reason"
        placeholder="Reason (optional)"
        autoFocus
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setConfirming(false)}
      />
      <button type="submit" className="danger" disabled={busy}>
        Confirm cancellation
      </button>
      <button type="button" onClick={() => setConfirming(false)}>
        Keep request
      </button>
    </form>
  );
}
