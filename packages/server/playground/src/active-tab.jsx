/** Thirteen tabs are wider than most screens: the one that is open is scrolled into sight. */
import { pick, useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";

export function ActiveTabInSight() {
  const { activeTabIndex } = useGraphiQL(pick("activeTabIndex"));
  useEffect(() => {
    const tab = document.querySelector(`#graphiql-session-tab-${activeTabIndex}`);
    tab?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [activeTabIndex]);
  return null;
}
