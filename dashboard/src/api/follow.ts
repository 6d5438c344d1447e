// Following a subscription without a gap: after a lost connection it goes on behind the last thing that came.
import { ApiError, problemOf } from "./errors";
import type { TypedDocumentString } from "./generated";
import { expireSession } from "./session";
import { socket } from "./socket";

export interface Following<Data, Variables> {
  /** The variables to subscribe with now. Asked again at every (re)connect, so that it can name the last cursor. */
  variables: () => Variables;
  onData: (data: Data) => void;
  /** The server ended it: there is nothing more to come. */
  onComplete?: () => void;
  /** It was refused for good. What may pass is tried again. */
  onError?: (problem: ApiError) => void;
}

const RETRY_MS = 1_500;

/** Subscribe until the returned function is called. */
export function follow<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  following: Following<Data, Variables>,
): () => void {
  const query = document.toString();
  let stop = () => {};
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const fail = (problem: ApiError) => {
    if (ended) return;
    if (problem.signedOut) return expireSession();
    if (problem.passing || problem.code === "INTERNAL") timer = setTimeout(begin, RETRY_MS);
    else following.onError?.(problem);
  };

  const begin = () => {
    // The client writes this object to the socket again whenever it has reconnected: the getter gives the cursor of then.
    const payload = {
      query,
      get variables() {
        return following.variables() as Record<string, unknown>;
      },
    };
    stop = socket().subscribe<Data>(payload, {
      next: (result) => {
        if (ended) return;
        if (result.errors?.length) fail(problemOf(result.errors as never));
        else if (result.data) following.onData(result.data);
      },
      error: (reason) => fail(problemFrom(reason)),
      complete: () => !ended && following.onComplete?.(),
    });
  };

  begin();
  return () => {
    ended = true;
    clearTimeout(timer);
    stop();
  };
}

/** What graphql-ws hands to `error`: errors of GraphQL, a close event, or an exception. */
function problemFrom(reason: unknown): ApiError {
  if (Array.isArray(reason)) return problemOf(reason as never);
  if (reason instanceof CloseEvent) {
    return reason.code === 4401
      ? new ApiError("UNAUTHENTICATED", "Sign in to continue.")
      : new ApiError("NETWORK", reason.reason || "The connection was closed.");
  }
  return new ApiError("NETWORK", reason instanceof Error ? reason.message : "The connection failed.");
}
