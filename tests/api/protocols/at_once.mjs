// Follows a request with each transport, step by step: the next step is taken when the one before was
// shown, so that a client which shows an event only with the next one waits for ever.
// Argument: the server's address. Writes the numbers of the events that each one showed.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import { meros } from 'meros/browser';

const url = `${process.argv[2]}/graphql`;
const SECONDS = 30;
const SUBSCRIPTION = 'subscription($id: UUID!) { requestProgress(id: $id, afterSeq: 0) { seq } }';
const STEPS = [
  'mutation($id: UUID!) { startRequest(input: {requestId: $id}) { status } }',
  'mutation($id: UUID!) { logEvent(input: {requestId: $id, type: "told"}) { status } }',
  'mutation($id: UUID!) { completeRequest(input: {requestId: $id}) { status } }',
];
const MULTIPART = 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json';

const post = (body, accept) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept }, body: JSON.stringify(body) });

async function ask(query, variables) {
  const { data, errors } = await (await post({ query, variables }, 'application/json')).json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function* viaApollo(variables) {
  const client = new ApolloClient({ link: new HttpLink({ uri: url }), cache: new InMemoryCache() });
  const waiting = [];
  let wake = () => {};
  const push = (item) => (waiting.push(item), wake());
  client.subscribe({ query: gql(SUBSCRIPTION), variables }).subscribe({
    next: ({ data, error }) => push(error ? { error } : { data }),
    error: (error) => push({ error }),
    complete: () => push(null),
  });
  for (;;) {
    while (!waiting.length) await new Promise((resolve) => (wake = resolve));
    const item = waiting.shift();
    if (item === null) return;
    if (item.error) throw item.error;
    yield item.data;
  }
}

async function* viaMeros(variables) {
  for await (const part of await meros(await post({ query: SUBSCRIPTION, variables }, MULTIPART))) {
    if (part.body.payload) yield part.body.payload.data;
  }
}

async function* viaReader(variables) {
  const response = await post({ query: SUBSCRIPTION, variables }, MULTIPART);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split('\r\n--graphql');
    text = parts.pop(); // what stands after the last boundary is not whole
    for (const part of parts) {
      const { payload } = part.includes('{') ? JSON.parse(part.slice(part.indexOf('{'))) : {};
      if (payload) yield payload.data;
    }
  }
  if (text !== '--\r\n') throw new Error(`the stream ends with ${JSON.stringify(text)}`);
}

const viaLibrary = (client) =>
  async function* (variables) {
    for await (const { data, errors } of client.iterate({ query: SUBSCRIPTION, variables })) {
      if (errors) throw new Error(JSON.stringify(errors));
      yield data;
    }
  };

async function stepByStep(follow) {
  const { createRequest } = await ask('mutation { createRequest(input: {type: "t"}) { request { uuid } } }');
  const variables = { id: createRequest.request.uuid };
  const steps = [...STEPS];
  const shown = [];
  for await (const { requestProgress } of follow(variables)) {
    shown.push(requestProgress.seq);
    if (steps.length) await ask(steps.shift(), variables);
  }
  return shown;
}

const clients = {
  'apollo over multipart': viaApollo,
  'meros over multipart': viaMeros,
  'a reader over multipart': viaReader,
  'graphql-sse': viaLibrary(createSse({ url })),
  'graphql-ws': viaLibrary(createWs({ url: url.replace('http', 'ws') })),
};
const results = {};
for (const [name, follow] of Object.entries(clients)) {
  const late = new Promise((resolve) => setTimeout(resolve, SECONDS * 1000, 'nothing more was shown').unref());
  results[name] = await Promise.race([stepByStep(follow), late]);
}
console.log(JSON.stringify(results));
process.exit(0);
