"""From a document to its result: parse, limit, validate, execute."""
