// What a viewer who may report can do to a request: call it off, or try a failed stage again.
import { useState } from "react";
import { ask } from "../../api/client";
import { ApiError } from "../../api/errors";
import { CancelRequestDocument, RetryStageDocument } from "../../api/generated";
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
  if (!may || request.endedAt !== null) return null;
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
  const retry = (stage: string) => act(() => ask(RetryStageDocument, { id: request.uuid, stage }));
  const cancel = (reason: string | null) =>
    act(() => ask(CancelRequestDocument, { id: request.uuid, reason }));
  return (
    <>
      {problem ? (
        <span className="problem" role="alert">
          {problem}
        </span>
      ) : null}
      {retryable(request).map((stage) => (
        <button type="button" key={stage} disabled={busy} onClick={() => void retry(stage)}>
          <Icon name="retry" size={13} /> Try {stage} again
        </button>
      ))}
      <CancelButton busy={busy} onCancel={(reason) => void cancel(reason)} />
    </>
  );
}

/** Failed stages that have attempts left and were not said to be hopeless. */
export function retryable({ stages }: Pick<RequestNow, "stages">): string[] {
  return stages
    .filter(
      (stage) => stage.status === "FAILED" && stage.retryable !== false && stage.attempt < stage.maxAttempts,
    )
    .map((stage) => stage.name);
}

/** Asks once more, and why: a request that was called off does not come back. */
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
        Cancel it for good
      </button>
      <button type="button" onClick={() => setAsking(false)}>
        Keep it
      </button>
    </form>
  );
}
