// The websocket of the page and the state of its connection.
import { createClient, type Client } from "graphql-ws";
import { Store } from "../state/store";
import { replaceBigInt, reviveBigInt } from "./json";
import { expireSession } from "./session";

/** `idle`: the page has no subscription. `since` is when the state began; when offline, when the connection was lost. */
export interface Connection {
  state: "idle" | "connecting" | "live" | "reconnecting" | "offline";
  since: number;
}

export const connection = new Store<Connection>({ state: "idle", since: Date.now() });

function setState(state: Connection["state"]): void {
  const previous = connection.get();
  if (previous.state === state) return;
  // While the connection is lost, `since` stays at the time of the loss.
  const isLost = (name: Connection["state"]) => name === "reconnecting" || name === "offline";
  connection.set({ state, since: isLost(state) && isLost(previous.state) ? previous.since : Date.now() });
}

const UNAUTHENTICATED_CODE = 4401;
const MIN_RETRY_DELAY_MS = 250;
const MAX_RETRY_DELAY_MS = 4_000;

/** Wait with exponential backoff, or until the network is back. */
async function waitForRetry(retries: number): Promise<void> {
  const delay = Math.min(MAX_RETRY_DELAY_MS, MIN_RETRY_DELAY_MS * 1.7 ** retries);
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, delay * (0.6 + Math.random() * 0.4));
    window.addEventListener("online", done);
  });
}

function connect(): Client {
  let opened = false;
  return createClient({
    url: () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: waitForRetry,
    shouldRetry: (event) => !(event instanceof CloseEvent && event.code === UNAUTHENTICATED_CODE),
    jsonMessageReviver: reviveBigInt,
    jsonMessageReplacer: replaceBigInt,
    keepAlive: 10_000,
    lazyCloseTimeout: 2_000,
    on: {
      connecting: (isRetry) => !isRetry && !opened && setState("connecting"),
      connected: () => {
        opened = true;
        setState("live");
      },
      closed: (event) => {
        if (event instanceof CloseEvent && event.code === UNAUTHENTICATED_CODE) expireSession();
        const isNormalClosure = event instanceof CloseEvent && event.code === 1000;
        setState(isNormalClosure ? "idle" : navigator.onLine ? "reconnecting" : "offline");
      },
    },
  });
}

let client: Client | undefined;

/** Return the client of this page, created at the first subscription. */
export function socket(): Client {
  if (!client) {
    client = connect();
    window.addEventListener(
      "offline",
      () => connection.get().state === "reconnecting" && setState("offline"),
    );
  }
  return client;
}

/** Close the connection, because the user signs out. */
export async function closeSocket(): Promise<void> {
  await client?.dispose();
  client = undefined;
}
