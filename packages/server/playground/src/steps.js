/** The steps of the tour, and what belongs to one. */
import story from "playground:story";

export const steps = story.groups.flatMap((group) => group.steps);

/** Whether a tab holds this step, or what the visitor has made of it. */
export const holds = (tab, step) => step.operations.includes(tab.operationName);
