import { Kind, parse } from "graphql";

/**
 * Sends one operation to the address this page was served from, as a front end would: POST, JSON, with the
 * session cookie that logging in has set.
 */
export async function fetcher({ query, variables, operationName }, { headers } = {}) {
  const response = await fetch(location.pathname, {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: "application/json", "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables, operationName: onlyOperation(query) ?? operationName }),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `HTTP ${response.status} ${response.statusText}: ${text}` }] };
  }
}

/**
 * The name of a document's operation, if it has one operation. GraphiQL names the one that was open before, when
 * somebody changes the tab and runs it at once.
 */
function onlyOperation(query) {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    return operations.length === 1 ? operations[0].name?.value : undefined;
  } catch {
    return undefined; // not GraphQL: the server says what is wrong with it
  }
}
