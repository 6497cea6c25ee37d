/** The panel that tells the story: who does what, in which order, and a click opens the step's tab. */
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import story from "playground:story";
import { narrow } from "./screen.js";
import { holds } from "./steps.js";
import { startOver } from "./tabs.js";

function TourIcon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" {...props}>
      <path d="M5 21V4m0 1c4-3 8 3 14 0v9c-6 3-10-3-14 0" strokeLinejoin="round" />
    </svg>
  );
}

function Both({ ja, en }) {
  return (
    <>
      <span lang="ja">{ja}</span>
      <span lang="en">{en}</span>
    </>
  );
}

function useOpen() {
  const { addTab, changeTab, setVisiblePlugin } = useGraphiQLActions();
  const { tabs, queryEditor, variableEditor } = useGraphiQL(pick("tabs", "queryEditor", "variableEditor"));
  return (step) => {
    if (narrow.matches) setVisiblePlugin(null); // the panel would cover what was asked for
    const index = tabs.findIndex((tab) => holds(tab, step));
    if (index >= 0) return changeTab(index);
    addTab();
    queryEditor.setValue(step.query);
    variableEditor.setValue(step.variables);
  };
}

function Step({ step, onOpen }) {
  const { tabs, activeTabIndex } = useGraphiQL(pick("tabs", "activeTabIndex"));
  const current = holds(tabs[activeTabIndex], step);
  return (
    <li>
      <button type="button" aria-current={current ? "step" : undefined} onClick={() => onOpen(step)}>
        <Both {...step.title} />
      </button>
    </li>
  );
}

function Tour() {
  const open = useOpen();
  const restart = () => {
    startOver();
    location.reload();
  };
  return (
    <section className="playground-tour" aria-label="Tour">
      <h2>
        <Both ja="利用終了の物語" en="The story of a termination" />
      </h2>
      {story.groups.map((group) => (
        <div key={group.title.en}>
          <h3>
            <Both {...group.title} />
          </h3>
          <ol>
            {group.steps.map((step) => (
              <Step key={step.title.en} step={step} onOpen={open} />
            ))}
          </ol>
        </div>
      ))}
      <button type="button" className="playground-restart" onClick={restart}>
        <Both ja="すべての手順を最初の形に戻す" en="Put every step back as it was" />
      </button>
    </section>
  );
}

export const TOUR = { title: "Tour", icon: TourIcon, content: Tour };
