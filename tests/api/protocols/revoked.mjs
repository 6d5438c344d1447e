// A key that ends while graphql-ws and graphql-sse watch with it: neither tries again.
// Arguments: the server that is watched, the one that revokes, the key, its id. Writes what each got.
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';

const [watched, revoking, key, id] = process.argv.slice(2);
const query = 'subscription { operationFeed { __typename } }';
const Authorization = `Bearer ${key}`;
const AFTERWARDS_MS = 1000;

let connections = 0;
let requests = 0;
const live = [];
const socket = createWs({
  url: `${watched.replace('http', 'ws')}/graphql`,
  connectionParams: { Authorization },
  retryAttempts: 5,
  retryWait: async () => {},
  on: { connecting: () => connections++, connected: () => live[0]() },
});
const sse = createSse({
  url: `${watched}/graphql`,
  headers: { Authorization },
  retry: async () => {},
  fetchFn: async (...request) => {
    requests++;
    const answer = await fetch(...request);
    live[1]();
    return answer;
  },
});

const both = Promise.all([0, 1].map((n) => new Promise((resolve) => (live[n] = resolve))));
const endOf = (client) =>
  new Promise((resolve) => {
    const results = [];
    client.subscribe(
      { query },
      {
        next: (result) => results.push(...(result.errors ?? []).map((error) => error.extensions.code)),
        error: (reason) => resolve({ code: reason.code, results }),
        complete: () => resolve({ code: null, results }),
      },
    );
  });
const ends = [endOf(socket), endOf(sse)];
await both;
await new Promise((resolve) => setTimeout(resolve, 300));
await fetch(`${revoking}/graphql`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: `mutation { revokeApiKey(input: {keyId: "${id}"}) { apiKey { uuid } } }` }),
});
const [webSocket, eventStream] = await Promise.all(ends);
await new Promise((resolve) => setTimeout(resolve, AFTERWARDS_MS));
console.log(JSON.stringify({ webSocket, eventStream, connections, requests }));
process.exit(0);
