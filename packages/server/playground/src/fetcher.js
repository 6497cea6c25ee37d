/**
 * Sends one operation to the address this page was served from, as a front end would: POST, JSON, with the
 * session cookie that logging in has set.
 */
export async function fetcher(operation, { headers } = {}) {
  const response = await fetch(location.pathname, {
    method: "POST",
    credentials: "same-origin",
    headers: { accept: "application/json", "content-type": "application/json", ...headers },
    body: JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `HTTP ${response.status} ${response.statusText}: ${text}` }] };
  }
}
