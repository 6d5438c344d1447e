// A query, a mutation and a subscription with each library, as it comes.
// Arguments: the server's address, the id of a request that has ended. Writes what each one got.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';

const [address, id] = process.argv.slice(2);
const url = `${address}/graphql`;
const socketUrl = url.replace('http', 'ws');
const QUERY = '{ viewer { name } }';
const MUTATION = 'mutation($name: String!) { trackOperation(input: {kind: API, name: $name}) { status } }';
const SUBSCRIPTION = 'subscription($id: UUID!) { requestProgress(id: $id, afterSeq: 0) { seq } }';

const only = async (iterable) => {
  const found = [];
  for await (const { data, errors } of iterable) {
    if (errors) throw new Error(JSON.stringify(errors));
    found.push(Object.values(data)[0]);
  }
  return found;
};

async function plain(client) {
  return {
    query: await only(client.iterate({ query: QUERY })),
    mutation: await only(client.iterate({ query: MUTATION, variables: { name: 'plain' } })),
    subscription: await only(client.iterate({ query: SUBSCRIPTION, variables: { id } })),
  };
}

const listen = (observable) =>
  new Promise((resolve, reject) => {
    const found = [];
    observable.subscribe({
      next: ({ data, error }) => (error ? reject(error) : found.push(Object.values(data)[0])),
      error: reject,
      complete: () => resolve(found),
    });
  });

const bare = (value) => JSON.parse(JSON.stringify(value, (key, found) => (key === '__typename' ? undefined : found)));

async function apollo(link) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const query = await client.query({ query: gql(QUERY) });
  const mutation = await client.mutate({ mutation: gql(MUTATION), variables: { name: 'apollo' } });
  const subscription = await listen(client.subscribe({ query: gql(SUBSCRIPTION), variables: { id } }));
  return bare({ query: [query.data.viewer], mutation: [mutation.data.trackOperation], subscription });
}

async function urql(options) {
  const client = new Client({ url, preferGetMethod: false, ...options });
  const query = await client.query(QUERY, {}).toPromise();
  const mutation = await client.mutation(MUTATION, { name: 'urql' }).toPromise();
  for (const { error } of [query, mutation]) if (error) throw error;
  const found = [];
  await new Promise((resolve, reject) => {
    client.subscription(SUBSCRIPTION, { id }).subscribe(({ data, error }) => {
      if (error) return reject(error);
      if (data) found.push(data.requestProgress);
      if (found.at(-1)?.seq === 3) resolve();
    });
  });
  return bare({ query: [query.data.viewer], mutation: [mutation.data.trackOperation], subscription: found });
}

const socket = createWs({ url: socketUrl });
const forward = subscriptionExchange({
  forwardSubscription: (request) => ({
    subscribe: (sink) => ({
      unsubscribe: socket.subscribe({ ...request, query: request.query ?? '' }, sink),
    }),
  }),
});

const results = {
  'graphql-ws': await plain(socket),
  'graphql-sse': await plain(createSse({ url })),
  'apollo over HTTP': await apollo(new HttpLink({ uri: url })),
  'apollo over a websocket': await apollo(new GraphQLWsLink(socket)),
  'urql over HTTP': await urql({ exchanges: [fetchExchange], fetchSubscriptions: true }),
  'urql with a websocket': await urql({ exchanges: [fetchExchange, forward] }),
};
console.log(JSON.stringify(results));
process.exit(0);
