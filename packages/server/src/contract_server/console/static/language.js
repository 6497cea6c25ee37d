// Both languages stand side by side wherever there is text: `data-en` in the HTML, `say(ja, en)` in the modules.
// Dates are written from the answer's own figures: the API gives them in the policy's zone, whatever the visitor's is.

import { ofBrowser } from "./storage.js";

const KEPT = "language";

export const language = ofBrowser.getItem(KEPT) === "en" ? "en" : "ja";

export const say = (japanese, english) => (language === "en" ? english : japanese);

/** Put the page into the visitor's language. */
export function translate(root = document) {
  document.documentElement.lang = language;
  const button = document.getElementById("language");
  button.lang = say("en", "ja");
  if (language === "ja") return;
  for (const element of root.querySelectorAll("[data-en]")) element.textContent = element.dataset.en;
  for (const element of root.querySelectorAll("[data-en-label]")) element.setAttribute("aria-label", element.dataset.enLabel);
}

/** The other language from now on; the API's own words come again in it. */
export function switchLanguage() {
  ofBrowser.setItem(KEPT, say("en", "ja"));
  location.reload();
}

const WEEKDAYS = {
  ja: "日月火水木金土",
  en: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
};
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** `2024-03-15` as `2024年3月15日（金）`; nothing as `-`. */
export function day(date) {
  if (!date) return "-";
  const [year, month, dayOfMonth] = date.split("-").map(Number);
  const weekday = new Date(Date.UTC(year, month - 1, dayOfMonth)).getUTCDay();
  return say(
    `${year}年${month}月${dayOfMonth}日（${WEEKDAYS.ja[weekday]}）`,
    `${WEEKDAYS.en[weekday]}, ${dayOfMonth} ${MONTHS[month - 1]} ${year}`,
  );
}

/** `2024-03-15` as `3月15日（金）`. */
export const dayOfYear = (date) => day(date).replace(/^\d+年| \d+$/, "");

/** `2024-03-01T09:30:00+09:00` as `2024年3月1日（金）9:30`. */
export function instant(moment) {
  if (!moment) return "-";
  const [date, time] = moment.split("T");
  const [hours, minutes] = time.split(":");
  return `${day(date)}${say("", ", ")}${Number(hours)}:${minutes}`;
}
