// For each message on standard input: does the library of Standard Webhooks accept it?
import { readFileSync } from "node:fs";

import { Webhook } from "standardwebhooks";

const messages = JSON.parse(readFileSync(0, "utf8"));
const accepted = messages.map(({ secret, headers, body }) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch (error) {
    return error.message;
  }
});
console.log(JSON.stringify(accepted));
