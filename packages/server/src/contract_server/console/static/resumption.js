// 契約再開: until when it is possible, and the button for it.

import { attempt, uncertain } from "./attempt.js";
import { h } from "./dom.js";
import { day, say } from "./language.js";
import { press } from "./outcome.js";

export const isResumable = (contract) => contract.availableActions.includes("RESUME");

export const untilWhenResumable = ({ lastDay }) =>
  h(
    "p",
    {},
    say(
      `${day(lastDay)}までは、「契約再開」から利用を再開することが可能です。`,
      `You can resume the contract until ${day(lastDay)}.`,
    ),
  );

/** The button, with its looks; the answer is told by `told(answer, button)`. */
export const resumeButton = (looks, contract, told) =>
  h(
    `button.${looks}`,
    {
      id: "resume",
      type: "button",
      onclick: ({ currentTarget: button }) =>
        press(button, async () => told(await attempt("resume", contract), button), uncertain()),
    },
    say("契約再開", "Resume the contract"),
  );
