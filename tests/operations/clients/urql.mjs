// urql, which asks its queries by GET where they are short enough.

import { Client, cacheExchange, fetchExchange } from "@urql/core";

export const connector = (url) => (token) => {
  const client = new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetchOptions: { headers: token ? { authorization: `Bearer ${token}` } : {} },
  });
  const data = (result) => {
    if (result.error) throw result.error;
    return result.data;
  };
  return {
    query: async (query, variables) => data(await client.query(query, variables).toPromise()),
    mutate: async (mutation, variables) => data(await client.mutation(mutation, variables).toPromise()),
  };
};
