// Errors of the API as one class with a code.

/** An error response, or no response at all (code NETWORK). */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether the user has to sign in again. */
  get isUnauthenticated(): boolean {
    return this.code === "UNAUTHENTICATED";
  }

  /** Whether the same call may succeed later. */
  get isTransient(): boolean {
    return ["NETWORK", "OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"].includes(this.code);
  }
}

interface GraphQLProblem {
  message: string;
  extensions?: { code?: unknown };
}

/** Convert the first error of a response. */
export function toApiError(errors: readonly GraphQLProblem[]): ApiError {
  const [first] = errors;
  const code = first?.extensions?.code;
  return new ApiError(typeof code === "string" ? code : "INTERNAL", first?.message ?? "Unknown error.");
}
