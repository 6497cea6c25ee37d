/** Below this width the page is one column; `playground.css` says the same. */
export const narrow = matchMedia("(max-width: 899px)");
