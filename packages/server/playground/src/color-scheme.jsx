/** The editors follow the system's color scheme while the page is open, as everything else on it does. */
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";

export function EditorsFollowColorScheme() {
  const { setTheme } = useGraphiQLActions();
  const { theme } = useGraphiQL(pick("theme"));
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const follow = () => setTheme(theme);
    dark.addEventListener("change", follow);
    return () => dark.removeEventListener("change", follow);
  }, [theme, setTheme]);
  return null;
}
