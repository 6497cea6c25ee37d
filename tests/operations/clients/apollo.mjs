// Apollo Client 4, with the types that its cache needs to know for `... on Problem`.

import { readFileSync } from "node:fs";

import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";

const possibleTypes = JSON.parse(readFileSync(new URL("possible-types.json", import.meta.url)));

export const connector = (url) => (token) => {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const client = new ApolloClient({
    cache: new InMemoryCache({ possibleTypes }),
    link: new HttpLink({ uri: url, headers }),
  });
  return {
    query: async (query, variables) => (await client.query({ query: gql(query), variables })).data,
    mutate: async (mutation, variables) => (await client.mutate({ mutation: gql(mutation), variables })).data,
  };
};
