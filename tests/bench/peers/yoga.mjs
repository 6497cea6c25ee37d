// graphql-yoga as its documentation sets it up, without its playground: `node yoga.mjs PORT`.

import { createServer } from "node:http";
import { createSchema, createYoga } from "graphql-yoga";
import { resume, terminate, typeDefs, viewer } from "./business.mjs";

const headers = ({ request }) => ({ headers: { authorization: request.headers.get("authorization") } });

const yoga = createYoga({
  schema: createSchema({
    typeDefs,
    resolvers: {
      Query: { viewer: (_, __, context) => viewer(headers(context)) },
      Mutation: {
        terminateContract: (_, { input }, context) => terminate(headers(context), input),
        resumeContract: (_, { input }, context) => resume(headers(context), input),
      },
    },
  }),
  graphiql: false,
  landingPage: false,
  logging: false,
});

createServer(yoga).listen(Number(process.argv[2]), "127.0.0.1");
