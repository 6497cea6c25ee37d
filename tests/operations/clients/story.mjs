// The contractor's story: log in, preview the dates, terminate, be refused, resume. A client carries out each operation
// and returns the data of its answer.

import { OPERATIONS } from "./operations.mjs";

const CONTRACT = "018f0000-0000-7000-8000-000000000001";

/** Live the story with a client; `connect(token)` is one that sends the token with each request. */
export async function live(connect, password) {
  const stranger = connect(null);
  const credentials = { email: "active@example.jp", password };
  const { logIn } = await stranger.mutate(OPERATIONS.logIn, { input: credentials });
  const contractor = connect(logIn.token);
  const { timeline } = await contractor.query(OPERATIONS.preview, { day: "2024-03-01" });
  const input = { contractId: CONTRACT };
  const first = await contractor.mutate(OPERATIONS.terminate, { input });
  const second = await contractor.mutate(OPERATIONS.terminate, { input });
  const resumed = await contractor.mutate(OPERATIONS.resume, { input });
  return {
    loggedIn: logIn.viewer.role,
    erased: timeline.erasure.at,
    terminated: first.terminateContract.contract.status,
    refused: second.terminateContract.code,
    resumed: resumed.resumeContract.contract.status,
  };
}
