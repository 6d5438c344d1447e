// Follows requests to their ends with one library, through any number of lost connections.
// Arguments: the library, a file that holds the server's address, the ids of the requests.
// Writes the numbers of the events that came, by request.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';

const [library, file, ...ids] = process.argv.slice(2);
const QUERY = `subscription($id: UUID!, $afterSeq: Long) {
  requestProgress(id: $id, afterSeq: $afterSeq) { seq }
}`;

const address = () => readFileSync(file, 'utf8').trim();
const client =
  library === 'graphql-ws'
    ? createWs({ url: () => `${address().replace('http', 'ws')}/graphql`, retryAttempts: 0, onNonLazyError: () => {} })
    : createSse({ url: () => `${address()}/graphql`, retryAttempts: 0 });

async function follow(id) {
  const seqs = [];
  for (;;) {
    try {
      const variables = { id, afterSeq: seqs.at(-1) ?? 0 };
      for await (const { data, errors } of client.iterate({ query: QUERY, variables })) {
        if (errors) throw new Error(JSON.stringify(errors));
        seqs.push(data.requestProgress.seq);
      }
      return [id, seqs];
    } catch {
      await sleep(100);
    }
  }
}

console.log(JSON.stringify(Object.fromEntries(await Promise.all(ids.map(follow)))));
process.exit(0);
