// The session of this browser. The key is not stored: the server sets a cookie that scripts cannot read.
import { Store } from "../state/store";

/** `open`: the server requires no key. */
export type SessionState = "unknown" | "open" | "signed-in" | "signed-out" | "unreachable";

export const session = new Store<SessionState>("unknown");

const SAME_ORIGIN = { credentials: "same-origin" } as const;

/** Ask the server whether a key is required and whether this browser is signed in. */
export async function loadSession(): Promise<void> {
  try {
    const response = await fetch("/sign-in", { ...SAME_ORIGIN, headers: { Accept: "application/json" } });
    const { access, signedIn } = (await response.json()) as { access: "open" | "keys"; signedIn: boolean };
    session.set(access === "open" ? "open" : signedIn ? "signed-in" : "signed-out");
  } catch {
    if (session.get() === "unknown") session.set("unreachable");
  }
}

/** Show the sign-in page, because the server no longer accepts the session. */
export function expireSession(): void {
  if (session.get() !== "open") session.set("signed-out");
}

/** Exchange a key for a session; return null on success, otherwise the error message. */
export async function signIn(key: string): Promise<string | null> {
  let response: Response;
  try {
    response = await fetch("/sign-in", {
      ...SAME_ORIGIN,
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ key }),
    });
  } catch {
    return "The server is unreachable.";
  }
  if (response.ok) {
    session.set("signed-in");
    return null;
  }
  const body = (await response.json().catch(() => null)) as { errors?: { message: string }[] } | null;
  return body?.errors?.[0]?.message ?? `The server responded with status ${response.status}.`;
}

/** End the session on the server and in this page. */
export async function signOut(): Promise<void> {
  await fetch("/sign-in", { ...SAME_ORIGIN, method: "DELETE" }).catch(() => null);
  expireSession();
}
