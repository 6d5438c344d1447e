// Whether somebody is signed in. The key itself is kept nowhere here: the server gives a cookie that no script can read.
import { Store } from "../state/store";

/** `open`: the server asks nobody for a key. */
export type SessionState = "unknown" | "open" | "signed-in" | "signed-out" | "unreachable";

export const session = new Store<SessionState>("unknown");

const HERE = { credentials: "same-origin" } as const;

/** Ask the server whether a key is needed, and whether one was given. */
export async function findSession(): Promise<void> {
  try {
    const response = await fetch("/sign-in", { ...HERE, headers: { Accept: "application/json" } });
    const { access, signedIn } = (await response.json()) as { access: "open" | "keys"; signedIn: boolean };
    session.set(access === "open" ? "open" : signedIn ? "signed-in" : "signed-out");
  } catch {
    if (session.get() === "unknown") session.set("unreachable");
  }
}

/** The server no longer knows who asks: the sign-in screen is shown. */
export function expireSession(): void {
  if (session.get() !== "open") session.set("signed-out");
}

/** Exchange a key for a session; null when it went well, else the reason in words. */
export async function signIn(key: string): Promise<string | null> {
  let response: Response;
  try {
    response = await fetch("/sign-in", {
      ...HERE,
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
  const answer = (await response.json().catch(() => null)) as { errors?: { message: string }[] } | null;
  return answer?.errors?.[0]?.message ?? `The server answered ${response.status}.`;
}

/** End the session at the server, and here. */
export async function signOut(): Promise<void> {
  await fetch("/sign-in", { ...HERE, method: "DELETE" }).catch(() => null);
  expireSession();
}
