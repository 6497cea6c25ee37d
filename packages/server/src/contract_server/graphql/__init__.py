"""The API: types, queries and mutations, and how they travel over HTTP."""
