// Writes answers into the normalising caches of three clients and reads them back.
// Arguments: the schema's file, a file of answers: [{name, query, variables, data}], the queries with
// __typename and id wherever there is one. Writes what each cache did not give back as it was.
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { InMemoryCache } from '@apollo/client';
import { Client } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { buildSchema, getNamedType, getNullableType, isAbstractType, isLeafType, isListType, parse } from 'graphql';
import relay from 'relay-runtime';
import { map } from 'wonka';

const [schemaFile, answersFile] = process.argv.slice(2);
const schema = buildSchema(readFileSync(schemaFile, 'utf8'));
const answers = JSON.parse(readFileSync(answersFile, 'utf8'));
// Without a schema of their own, caches keep and give back what a mutation answered as they do a query's.
const asQuery = (query) => query.replace(/^mutation/, 'query');
const plain = (value) => JSON.parse(JSON.stringify(value));
console.warn = () => {}; // Graphcache tells of each type without a key

function apollo({ query, variables, data }) {
  const cache = new InMemoryCache({ possibleTypes: { Node: schema.getPossibleTypes(schema.getType('Node')).map((type) => type.name) } });
  const document = parse(asQuery(query));
  cache.write({ query: document, variables, result: data, dataId: 'ROOT_QUERY' });
  return cache.read({ query: document, variables, rootId: 'ROOT_QUERY', optimistic: false });
}

async function graphcache({ query, variables, data }) {
  const network = () => (operations) =>
    map((operation) => ({ operation, data: plain(data), stale: false, hasNext: false }))(operations);
  const client = new Client({ url: 'http://none', preferGetMethod: false, exchanges: [cacheExchange({}), network] });
  await client.query(asQuery(query), variables, { requestPolicy: 'network-only' }).toPromise();
  const read = await client.query(asQuery(query), variables, { requestPolicy: 'cache-only' }).toPromise();
  return read.data;
}

// What Relay's compiler makes of a selection; its runtime normalises and reads by it.
function selections(set, parent) {
  return set.selections.map((node) => {
    if (node.kind === 'InlineFragment') {
      const type = schema.getType(node.typeCondition.name.value);
      return { kind: 'InlineFragment', type: type.name, abstractKey: null, selections: selections(node.selectionSet, type) };
    }
    const name = node.name.value;
    const args = node.arguments.map(({ name, value }) => ({ kind: 'Literal', name: name.value, value: JSON.stringify(value) }));
    const shared = { alias: node.alias?.value ?? null, args: args.length ? args : null, name, storageKey: null };
    const type = name === '__typename' ? null : parent.getFields()[name].type;
    if (type === null || isLeafType(getNamedType(type))) return { ...shared, kind: 'ScalarField' };
    const inner = getNamedType(type);
    return {
      ...shared,
      kind: 'LinkedField',
      concreteType: isAbstractType(inner) ? null : inner.name,
      plural: isListType(getNullableType(type)),
      selections: selections(node.selectionSet, inner),
    };
  });
}

function relayed({ name, query, data }) {
  const definition = parse(query).definitions[0];
  const root = definition.operation === 'mutation' ? schema.getMutationType() : schema.getQueryType();
  const body = { name, selections: selections(definition.selectionSet, root), argumentDefinitions: [] };
  const request = {
    kind: 'Request',
    fragment: { ...body, kind: 'Fragment', type: root.name, metadata: null, abstractKey: null },
    operation: { ...body, kind: 'Operation' },
    params: { id: null, cacheID: name, text: query, name, operationKind: 'query', metadata: {} },
  };
  const store = new relay.Store(new relay.RecordSource());
  const environment = new relay.Environment({ network: relay.Network.create(() => {}), store });
  const operation = relay.createOperationDescriptor(request, {});
  environment.commitPayload(operation, plain(data));
  return environment.lookup(operation.fragment).data;
}

const clients = { apollo, graphcache, relay: relayed };
const changed = {};
for (const [client, readBack] of Object.entries(clients)) {
  changed[client] = [];
  for (const answer of answers) {
    const found = await readBack(answer);
    if (!isDeepStrictEqual(plain(found ?? null), plain(answer.data))) changed[client].push(answer.name);
  }
}
console.log(JSON.stringify(changed));
process.exit(0);
