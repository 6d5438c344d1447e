// The one websocket of the page, and what is known of the connection.
import { createClient, type Client } from "graphql-ws";
import { Store } from "../state/store";
import { replaceWhole, reviveWhole } from "./json";
import { expireSession } from "./session";

/** `idle`: nothing on the page is followed. `since` is when it last was live, or when it became so. */
export interface Connection {
  state: "idle" | "connecting" | "live" | "reconnecting" | "offline";
  since: number;
}

export const connection = new Store<Connection>({ state: "idle", since: Date.now() });

function become(state: Connection["state"]): void {
  const present = connection.get();
  if (present.state === state) return;
  // While it is lost, `since` stays at the moment of the loss.
  const lost = (name: Connection["state"]) => name === "reconnecting" || name === "offline";
  connection.set({ state, since: lost(state) && lost(present.state) ? present.since : Date.now() });
}

const KEY_REFUSED = 4401;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4_000;

/** Wait longer from try to try, but try at once when the network is back. */
async function waitForRetry(retries: number): Promise<void> {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 1.7 ** retries);
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, most * (0.6 + Math.random() * 0.4));
    window.addEventListener("online", done);
  });
}

function connect(): Client {
  let opened = false;
  return createClient({
    url: () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: waitForRetry,
    shouldRetry: (event) => !(event instanceof CloseEvent && event.code === KEY_REFUSED),
    jsonMessageReviver: reviveWhole,
    jsonMessageReplacer: replaceWhole,
    keepAlive: 10_000,
    lazyCloseTimeout: 2_000,
    on: {
      connecting: (isRetry) => !isRetry && !opened && become("connecting"),
      connected: () => {
        opened = true;
        become("live");
      },
      closed: (event) => {
        if (event instanceof CloseEvent && event.code === KEY_REFUSED) expireSession();
        const wanted = event instanceof CloseEvent && event.code === 1000;
        become(wanted ? "idle" : navigator.onLine ? "reconnecting" : "offline");
      },
    },
  });
}

let client: Client | undefined;

/** The client of this page, made when something is followed for the first time. */
export function socket(): Client {
  if (!client) {
    client = connect();
    window.addEventListener("offline", () => connection.get().state === "reconnecting" && become("offline"));
  }
  return client;
}

/** Let go of the connection, because somebody else signs in. */
export async function closeSocket(): Promise<void> {
  await client?.dispose();
  client = undefined;
}
