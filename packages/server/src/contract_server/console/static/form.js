// Forms that send once, say beside each field what it lacks, and give the reader back the focus.

import { byId } from "./dom.js";
import { tellFailure, tellNothing } from "./frame.js";
import { say } from "./language.js";

/** Send the form by `send(values)` when it is complete; never twice at the same time. */
export function onSubmit(form, send) {
  let sending = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending || !complete(form)) return;
    sending = true;
    tellNothing();
    const ready = busy(form.querySelector("[type=submit]"));
    try {
      await send(Object.fromEntries(new FormData(form)));
    } catch (error) {
      tellFailure(error);
    } finally {
      sending = false;
      ready();
    }
  });
}

/** A button that says that it is at work; the function that ends this. It keeps the focus, so it is not disabled. */
export function busy(button) {
  const text = button.textContent;
  button.textContent = say("送信しています…", "Sending…");
  button.ariaDisabled = "true";
  return () => {
    button.textContent = text;
    button.ariaDisabled = null;
  };
}

/** Say what is wrong with a field, or that nothing is. */
export function mark(field, problem) {
  field.ariaInvalid = problem ? "true" : null;
  byId(`${field.id}-problem`).textContent = problem;
}

function complete(form) {
  const fields = [...form.elements].filter((field) => byId(`${field.id}-problem`));
  for (const field of fields) mark(field, lack(field));
  const first = fields.find((field) => field.ariaInvalid);
  first?.focus();
  return !first;
}

function lack(field) {
  const { valueMissing, typeMismatch, tooShort, badInput } = field.validity;
  if (valueMissing || badInput) return say("入力してください。", "Please fill this in.");
  if (typeMismatch) return say("メールアドレスの形式で入力してください。", "Please enter an email address.");
  if (tooShort)
    return say(
      `${field.minLength}文字以上で入力してください。`,
      `Please enter at least ${field.minLength} characters.`,
    );
  return "";
}
