// What a viewer who may report can do to a request: cancel it, or retry what failed.
import { useState } from "react";
import { ask } from "../../api/client";
import { ApiError } from "../../api/errors";
import { CancelRequestDocument, RetryRequestDocument, RetryStageDocument } from "../../api/generated";
import { Icon } from "../../components/icons";
import { useMay } from "../../state/viewer";
import type { RequestNow } from "./use-request";

interface ActionsProps {
  request: RequestNow;
  onDone: () => void;
}

export function Actions({ request, onDone }: ActionsProps) {
  const may = useMay("INGEST");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  if (!may || request.status === "COMPLETED" || request.status === "CANCELLED") return null;
  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
    onDone();
  };
  const retry = (stage: string, force = false) =>
    act(() => ask(RetryStageDocument, { id: request.uuid, stage, force }));
  const retryAll = () => act(() => ask(RetryRequestDocument, { id: request.uuid }));
  const cancel = (reason: string | null) =>
    act(() => ask(CancelRequestDocument, { id: request.uuid, reason }));
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

/** A button for each stage that may run again, or for the request where no stage failed. */
function Retries({ request, busy, onRetry, onRetryAll }: RetriesProps) {
  const mayForce = useMay("ADMIN");
  return (
    <>
      {retryable(request).map((stage) => (
        <button type="button" key={stage} disabled={busy} onClick={() => void onRetry(stage)}>
          <Icon name="retry" size={13} /> Retry {stage}
        </button>
      ))}
      {mayForce
        ? refused(request).map((stage) => (
            <button type="button" key={stage} disabled={busy} onClick={() => void onRetry(stage, true)}>
              <Icon name="retry" size={13} /> Force retry of {stage}
            </button>
          ))
        : null}
      {runsAsWhole(request) ? (
        <button type="button" disabled={busy} onClick={() => void onRetryAll()}>
          <Icon name="retry" size={13} /> Retry request
        </button>
      ) : null}
    </>
  );
}

type Failing = Pick<RequestNow, "stages" | "status" | "error">;
type Stage = RequestNow["stages"][number];

/** Stages at which work may go on: those that failed, and the one a failed request ended in. */
function broken({ stages, status, error }: Failing): Stage[] {
  return stages.filter(
    (stage) =>
      stage.status === "FAILED" ||
      (status === "FAILED" && stage.name === error?.stage && stage.status !== "COMPLETED"),
  );
}

function allows(stage: Stage): boolean {
  const hopeless = stage.status === "FAILED" && stage.retryable === false;
  return !hopeless && stage.attempt < stage.maxAttempts;
}

/** Stages that have attempts left and whose failure is retryable. */
export function retryable(request: Failing): string[] {
  return broken(request)
    .filter(allows)
    .map((stage) => stage.name);
}

/** Stages that only an administrator may run again. */
export function refused(request: Failing): string[] {
  return broken(request)
    .filter((stage) => !allows(stage))
    .map((stage) => stage.name);
}

/** Whether a failed request has no stage to retry: it runs again as a whole. */
export function runsAsWhole(request: Failing): boolean {
  return request.status === "FAILED" && broken(request).length === 0;
}

/** Ask for confirmation and a reason: a cancellation cannot be undone. */
function CancelButton({ busy, onCancel }: { busy: boolean; onCancel: (reason: string | null) => void }) {
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  if (!asking) {
    return (
      <button type="button" disabled={busy} onClick={() => setAsking(true)}>
        Cancel request
      </button>
    );
  }
  return (
    <form
      className="actions"
      onSubmit={(event) => {
        event.preventDefault();
        setAsking(false);
        onCancel(reason.trim() || null);
      }}
    >
      <input
        aria-label="Reason"
        placeholder="Reason (optional)"
        autoFocus
        value={reason}
        onChange={(event) => setReason(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setAsking(false)}
      />
      <button type="submit" className="danger" disabled={busy}>
        Confirm cancellation
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        Keep request
      </button>
    </form>
  );
}
