// What the server refuses with, as one kind of error with a code.

/** An answer that is a refusal, or none at all (code NETWORK). */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Whether the caller must sign in (again). */
  get signedOut(): boolean {
    return this.code === "UNAUTHENTICATED";
  }

  /** Whether the same call may succeed in a moment. */
  get passing(): boolean {
    return ["NETWORK", "OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"].includes(this.code);
  }
}

interface GraphQLProblem {
  message: string;
  extensions?: { code?: unknown };
}

/** The first of a response's errors. */
export function problemOf(errors: readonly GraphQLProblem[]): ApiError {
  const [first] = errors;
  const code = first?.extensions?.code;
  return new ApiError(typeof code === "string" ? code : "INTERNAL", first?.message ?? "Unknown error.");
}
