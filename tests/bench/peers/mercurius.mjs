// mercurius with jit as its documentation sets it up: `node mercurius.mjs PORT`.

import Fastify from "fastify";
import mercurius from "mercurius";
import { resume, terminate, typeDefs, viewer } from "./business.mjs";

const app = Fastify();
app.register(mercurius, {
  schema: typeDefs,
  jit: 1,
  context: (request) => ({ request }),
  resolvers: {
    Query: { viewer: (_, __, { request }) => viewer(request) },
    Mutation: {
      terminateContract: (_, { input }, { request }) => terminate(request, input),
      resumeContract: (_, { input }, { request }) => resume(request, input),
    },
  },
});

await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
