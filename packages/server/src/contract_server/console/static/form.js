// Forms that send once, and say beside each field what it lacks.

import { byId, setState, started } from "./dom.js";
import { say } from "./language.js";
import { press } from "./outcome.js";

/** Send the form by `send(values, button)` when it is complete. */
export function onSubmit(form, send, unknown) {
  const button = form.querySelector("[type=submit]");
  started();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (complete(form)) press(button, () => send(Object.fromEntries(new FormData(form)), button), unknown);
  });
}

/** Say what is wrong with a field, and lead there. */
export function reject(field, problem) {
  mark(field, problem);
  field.focus();
  byId(`${field.id}-problem`).scrollIntoView({ block: "nearest", behavior: "instant" });
}

function mark(field, problem) {
  setState(field, "aria-invalid", problem && "true");
  byId(`${field.id}-problem`).textContent = problem;
}

function complete(form) {
  const fields = [...form.elements].filter((field) => byId(`${field.id}-problem`));
  for (const field of fields) mark(field, lack(field));
  const first = fields.find((field) => field.hasAttribute("aria-invalid"));
  if (first) reject(first, lack(first));
  return !first;
}

function lack(field) {
  const { valueMissing, typeMismatch, badInput } = field.validity;
  if (valueMissing || badInput) return say("入力してください。", "Please fill this in.");
  if (typeMismatch) return say("メールアドレスの形式で入力してください。", "Please enter an email address.");
  return "";
}
