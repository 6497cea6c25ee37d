// Relay 21: its compiler has made an artifact of each operation, by which its store reads the answer.

import relay from "relay-runtime";

import { OPERATIONS } from "./operations.mjs";

const { Environment, Network, RecordSource, Store, commitMutation, fetchQuery } = relay;

const artifacts = new Map();
for (const text of Object.values(OPERATIONS)) {
  const [, name] = /(?:query|mutation) (\w+)/.exec(text);
  artifacts.set(text, (await import(`./relay/__generated__/${name}.graphql.js`)).default);
}

export const connector = (url) => (token) => {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const ask = async ({ text }, variables) => {
    const body = JSON.stringify({ query: text, variables });
    return (await fetch(url, { method: "POST", headers, body })).json();
  };
  const environment = new Environment({ network: Network.create(ask), store: new Store(new RecordSource()) });
  return {
    query: (query, variables) => fetchQuery(environment, artifacts.get(query), variables).toPromise(),
    mutate: (text, variables) =>
      new Promise((onCompleted, onError) => {
        commitMutation(environment, { mutation: artifacts.get(text), variables, onCompleted, onError });
      }),
  };
};
