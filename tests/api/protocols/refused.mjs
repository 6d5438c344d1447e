// What the oldest and the newest graphql-sse that are supported hear of documents that are not executed.
// Argument: the server's address. Writes the results and how each stream ended.
import { createClient as createNewest } from 'graphql-sse';
import { createClient as createOldest } from 'graphql-sse-oldest';

const url = `${process.argv[2]}/graphql`;
const DOCUMENTS = {
  invalid: { query: 'subscription { nothing { seq } }' },
  'invalid query': { query: '{ viewer { nam } }' },
  'no document': { query: '{ viewer { ' },
  'wrong variable': {
    query: 'subscription($id: UUID!) { requestProgress(id: $id) { seq } }',
    variables: { id: 'x' },
  },
  'unknown record': {
    query: 'subscription { requestProgress(id: "01a1f84a-95c0-7000-8000-00000000000d") { seq } }',
  },
};

const listen = (client, request) =>
  new Promise((resolve) => {
    const next = [];
    client.subscribe(request, {
      next: ({ data, errors }) => next.push({ data, messages: errors?.map((error) => error.message) }),
      error: (error) => resolve({ next, end: String(error) }),
      complete: () => resolve({ next, end: 'complete' }),
    });
  });

const results = {};
for (const [version, createClient] of Object.entries({ createOldest, createNewest })) {
  const client = createClient({ url, retryAttempts: 0 });
  for (const [name, request] of Object.entries(DOCUMENTS)) {
    results[`${version} ${name}`] = await listen(client, request);
  }
}
console.log(JSON.stringify(results));
process.exit(0);
