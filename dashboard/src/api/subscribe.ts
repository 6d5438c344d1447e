// Subscriptions without gaps: after a lost connection, they resume after the last received item.
import { ApiError, toApiError } from "./errors";
import type { TypedDocumentString } from "./generated";
import { expireSession } from "./session";
import { socket } from "./socket";

export interface SubscriptionOptions<Data, Variables> {
  /** Return the variables. Called at every (re)connect, so that they can contain the latest cursor. */
  variables: () => Variables;
  onData: (data: Data) => void;
  /** Called when the server has completed the subscription. */
  onComplete?: () => void;
  /** Called on a permanent error. Transient errors are retried. */
  onError?: (problem: ApiError) => void;
}

const RETRY_MS = 1_500;

/** Subscribe until the returned function is called. */
export function subscribe<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  options: SubscriptionOptions<Data, Variables>,
): () => void {
  const query = document.toString();
  let unsubscribe = () => {};
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const handleError = (problem: ApiError) => {
    if (isStopped) return;
    if (problem.isUnauthenticated) return expireSession();
    if (problem.isTransient || problem.code === "INTERNAL") timer = setTimeout(start, RETRY_MS);
    else options.onError?.(problem);
  };

  const start = () => {
    // The client sends this object again after each reconnect, so the getter provides the latest cursor.
    const payload = {
      query,
      get variables() {
        return options.variables() as Record<string, unknown>;
      },
    };
    unsubscribe = socket().subscribe<Data>(payload, {
      next: (result) => {
        if (isStopped) return;
        if (result.errors?.length) handleError(toApiError(result.errors as never));
        else if (result.data) options.onData(result.data);
      },
      error: (reason) => handleError(toConnectionError(reason)),
      complete: () => !isStopped && options.onComplete?.(),
    });
  };

  start();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
}

/** Convert what graphql-ws reports: GraphQL errors, a close event, or an exception. */
function toConnectionError(reason: unknown): ApiError {
  if (Array.isArray(reason)) return toApiError(reason as never);
  if (reason instanceof CloseEvent) {
    return reason.code === 4401
      ? new ApiError("UNAUTHENTICATED", "Sign in to continue.")
      : new ApiError("NETWORK", reason.reason || "The connection was closed.");
  }
  return new ApiError("NETWORK", reason instanceof Error ? reason.message : "The connection failed.");
}
