"""The API: types, queries and mutations, their execution, and GraphQL over HTTP."""
