// The rules a second time, as a team without Python would write them: `answer` takes a vector's question.
// Days are whole numbers, counted from 1970-01-01; instants are microseconds since then, as BigInt.

class PeriodError extends Error {}
class DateOutOfRange extends Error {}
class HolidaysUnknown extends DateOutOfRange {}

const MS_A_DAY = 86_400_000;
const UNITS = { day: 1, week: 7, month: 1, year: 12, business_day: 1 };
const MONTHS_IN = { none: 0, month: 1, quarter: 3, year: 12 };
const STEP = { none: 0, forward: 1, backward: -1 };
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
const LATEST_CUTOFF = 30;
const CHOICES = {
  unit: Object.keys(UNITS),
  first_day: ["exclude", "include", "exclude_unless_midnight"],
  month_rule: [null, "start_based", "event_based"],
  direction: ["forward", "backward"],
  clear_days: [false, true],
  event_roll: ["none", "forward"],
  cutoff_unit: ["day", "business_day"],
  align: Object.keys(MONTHS_IN),
  roll: Object.keys(STEP),
};
const DEFAULTS = {
  first_day: "exclude", month_rule: null, direction: "forward", clear_days: false,
  event_roll: "none", cutoff: null, cutoff_unit: "day", align: "none", align_from: null, roll: "none",
};
const CALENDAR_DEFAULTS = { weekend: [], holidays: [], holidays_from: null, holidays_until: null };
const KEYS = ["unit", "count", "roll_calendar", ...Object.keys(DEFAULTS), ...Object.keys(CALENDAR_DEFAULTS)];

// ---------------------------------------------------------------- the calendar

const dayOf = (year, month, day) => new Date(0).setUTCFullYear(year, month - 1, day) / MS_A_DAY;
const [FIRST, LAST] = [dayOf(1, 1, 1), dayOf(9999, 12, 31)];

function inCalendar(day) {
  if (!(day >= FIRST && day <= LAST)) throw new DateOutOfRange("write dates of the years 1 to 9999");
  return day;
}

function partsOf(day) {
  const date = new Date(day * MS_A_DAY);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
}

const daysIn = (year, month) => partsOf(dayOf(year, month + 1, 0))[2];
const weekdayOf = (day) => ((((day + 3) % 7) + 7) % 7) + 1;
const textOf = (day) => new Date(day * MS_A_DAY).toISOString().slice(0, 10);

function readDay(text) {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  const number = dayOf(Number(year), Number(month), Number(day));
  if (!(number >= FIRST) || textOf(number) !== text) throw new PeriodError(`${text}: write YYYY-MM-DD`);
  return number;
}

// ---------------------------------------------------------------- closed days

function insist(holds, message) {
  if (!holds) throw new PeriodError(message);
}

function readCalendar(mapping) {
  const { weekend, holidays, holidays_from, holidays_until } = { ...CALENDAR_DEFAULTS, ...mapping };
  insist(Array.isArray(weekend) && weekend.every((each) => WEEKDAYS.includes(each)), "weekend: a list of 1 to 7");
  insist(new Set(weekend).size < WEEKDAYS.length, "one weekday at least is open");
  insist(Array.isArray(holidays), "holidays: a list of dates");
  const days = holidays.map(readDay).sort((one, other) => one - other);
  const until = holidays_until === null ? null : readDay(holidays_until);
  let from = holidays_from === null ? null : readDay(holidays_from);
  if (days.length === 0) insist(from === null && until === null, "no holidays are listed");
  else {
    from ??= dayOf(partsOf(days[0])[0], 1, 1);
    insist(until !== null, "holidays_until: the first date whose holidays are not listed");
    insist(from <= days[0] && days.at(-1) < until, "holidays_from <= holiday < holidays_until");
  }
  return { weekend: new Set(weekend), holidays: new Set(days), from, until };
}

const closesDays = ({ weekend, holidays }) => weekend.size + holidays.size > 0;
const isOpen = ({ weekend, holidays }, day) => !weekend.has(weekdayOf(day)) && !holidays.has(day);

/** The open day so many after that one, or, where the count is negative, before it; `included`: that one counts. */
function nthOpen(calendar, day, count, included) {
  const step = Math.sign(count);
  const first = included ? day : day + step;
  let found = first - step;
  for (let left = Math.abs(count); left > 0; left -= isOpen(calendar, found)) found = inCalendar(found + step);
  if (calendar.holidays.size > 0) [first, found].forEach((each) => known(calendar, each));
  return found;
}

function known({ from, until }, day) {
  if (!(day >= from && day < until)) throw new HolidaysUnknown(`${textOf(day)}: its holidays are not listed`);
}

// ---------------------------------------------------------------- periods

function readPeriod(mapping) {
  const period = { ...DEFAULTS, ...mapping };
  for (const key of Object.keys(period)) insist(KEYS.includes(key), `${key} is no key`);
  for (const [key, values] of Object.entries(CHOICES)) insist(values.includes(period[key]), `${key}: ${values}`);
  const { unit, count, first_day, month_rule, direction, clear_days, roll, event_roll, cutoff, cutoff_unit, align } = period;
  const countsMonths = unit === "month" || unit === "year";
  insist(Number.isInteger(count) && count >= 1, "count: 1 or more");
  insist(countsMonths === (month_rule !== null), "months and years, and only they, have a month_rule");
  insist(!clear_days || first_day === "exclude", "clear_days leaves the day of the event outside");
  insist(event_roll === "none" || first_day !== "exclude_unless_midnight", "a day that is moved to has no time");
  insist(cutoff === null || (Number.isInteger(cutoff) && cutoff >= 1 && cutoff <= LATEST_CUTOFF), "cutoff: 1 to 30");
  insist(cutoff === null || (countsMonths && align !== "none"), "cutoff: months that are aligned");
  insist(cutoff !== null || cutoff_unit === "day", "cutoff_unit: without cutoff");
  insist(period.align_from === null || align !== "none", "align_from: without align");
  if (direction === "backward") {
    insist(event_roll === "none" && align === "none", "forward only");
    insist(first_day !== "exclude_unless_midnight", "midnight counts forward only");
    insist(month_rule !== "start_based", "start_based counts forward only");
    insist(month_rule === null || first_day === "exclude", "months are counted backward from the day of the event");
  }
  const { weekend, holidays, holidays_from, holidays_until } = { ...CALENDAR_DEFAULTS, ...mapping };
  period.calendar = readCalendar({ weekend, holidays, holidays_from, holidays_until });
  if ("roll_calendar" in mapping) period.roll_calendar = readRollCalendar(period);
  const closing = unit === "business_day" || cutoff_unit === "business_day" || event_roll !== "none";
  insist((closing || (roll !== "none" && !period.roll_calendar)) === closesDays(period.calendar), "closed days");
  return { ...period, align_from: period.align_from === null ? dayOf(2000, 1, 1) : readDay(period.align_from) };
}

function readRollCalendar({ roll, roll_calendar }) {
  insist(roll_calendar?.constructor === Object, "roll_calendar: an object");
  for (const key of Object.keys(roll_calendar)) insist(key in CALENDAR_DEFAULTS, `${key} is no key`);
  const calendar = readCalendar(roll_calendar);
  insist(roll !== "none" && closesDays(calendar), "roll_calendar: days to roll from");
  return calendar;
}

function monthLater(day, months) {
  const [year, month] = partsOf(day);
  const [laterYear, laterMonth] = partsOf(dayOf(year, month + months, 1));
  return [laterYear, laterMonth, daysIn(laterYear, laterMonth)];
}

function sameDayOfMonth(day, months) {
  const [year, month, length] = monthLater(day, months);
  return dayOf(year, month, Math.min(partsOf(day)[2], length));
}

function lastOfMonthsFrom(first, months) {
  const [year, month, length] = monthLater(first, months);
  const number = partsOf(first)[2];
  return number > length ? dayOf(year, month, length) : dayOf(year, month, number) - 1;
}

/** The day on which an event counts as made. */
function deemed({ event_roll, calendar, cutoff, cutoff_unit }, event) {
  const day = event_roll === "forward" ? nthOpen(calendar, event, 1, true) : event;
  if (cutoff === null) return day;
  const [year, month] = partsOf(day);
  const first = dayOf(year, month, 1);
  const last = cutoff_unit === "business_day" ? nthOpen(calendar, first, cutoff, true) : first + cutoff - 1;
  return day <= last ? first - 1 : day;
}

function counted({ unit, count, month_rule, clear_days, direction, calendar }, day, included) {
  const step = STEP[direction];
  if (unit === "business_day") return nthOpen(calendar, day, step * (count + clear_days), included);
  const units = count * UNITS[unit];
  if (month_rule === null) return day + step * (units - included + clear_days);
  if (included) return lastOfMonthsFrom(day, units);
  if (month_rule === "start_based") return lastOfMonthsFrom(inCalendar(day + 1), units) + clear_days;
  return sameDayOfMonth(day, step * units) + step * clear_days;
}

/** The end of the month, quarter or year to which that day belongs. */
function aligned({ align, align_from }, day) {
  if (align === "none") return day;
  const [[year, month], [firstYear, firstMonth]] = [partsOf(day), partsOf(align_from)];
  const passed = (year - firstYear) * 12 + month - firstMonth;
  const whole = Math.floor(passed / MONTHS_IN[align]) * MONTHS_IN[align];
  const end = lastOfMonthsFrom(align_from, whole);
  return day <= end ? end : lastOfMonthsFrom(align_from, whole + MONTHS_IN[align]);
}

function rolled({ roll, roll_calendar, calendar }, day) {
  return roll === "none" ? day : nthOpen(roll_calendar ?? calendar, day, STEP[roll], true);
}

function readEvent(text) {
  const [, date, time] = /^([-\d]{10})(?:T([:.\d]+))?/.exec(text);
  return { day: readDay(date), midnight: time !== undefined && !/[1-9]/.test(time) };
}

function countedLastDay(mapping, event) {
  const period = readPeriod(mapping);
  const { day, midnight } = readEvent(event);
  const included = period.first_day === "include" || (period.first_day === "exclude_unless_midnight" && midnight);
  const end = inCalendar(counted(period, inCalendar(deemed(period, day)), included));
  return rolled(period, inCalendar(aligned(period, end)));
}

// ---------------------------------------------------------------- zones and instants

const clocks = new Map();

function clockOf(zone) {
  if (!clocks.has(zone)) {
    const parts = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
    clocks.set(zone, new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...parts }));
  }
  return clocks.get(zone);
}

/** What the zone's clocks show at so many milliseconds, as milliseconds of UTC. */
function wall(ms, zone) {
  const parts = Object.fromEntries(clockOf(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return dayOf(parts.year, parts.month, parts.day) * MS_A_DAY + ((parts.hour * 60 + parts.minute) * 60 + parts.second) * 1000;
}

const dayAt = (ms, zone) => Math.floor(wall(ms, zone) / MS_A_DAY);

/** The first instant after the last one at which the zone's date is that day or an earlier one. */
function endOfDay(day, zone) {
  const midnight = inCalendar(day + 1) * MS_A_DAY;
  const candidates = [-36, 36].map((hours) => midnight + hours * 3_600_000).map((ms) => midnight - wall(ms, zone) + ms);
  for (const ms of candidates.sort((one, other) => other - one)) {
    if (dayAt(ms, zone) > day && dayAt(ms - 1000, zone) <= day) return ms;
  }
  let [before, after] = [Math.min(...candidates), Math.max(...candidates)];
  while (after - before > 1000) {
    const middle = before + Math.floor((after - before) / 2000) * 1000;
    if (dayAt(middle, zone) > day) after = middle;
    else before = middle;
  }
  return after;
}

function localTime(instant, zone) {
  const [fraction = ""] = /\.\d+/.exec(instant) ?? [];
  return new Date(wall(Date.parse(instant), zone)).toISOString().slice(0, 19) + fraction;
}

function endsAt(mapping, event, zone) {
  return endOfDay(countedLastDay(mapping, /T.*(Z|[-+]\d\d:\d\d)$/.test(event) ? localTime(event, zone) : event), zone);
}

// ---------------------------------------------------------------- decisions

const PEOPLE = ["CONTRACTOR", "OPERATOR"];
const PERMITTED = {
  TERMINATE: PEOPLE, RESUME: PEOPLE, END_SERVICE: ["SYSTEM"],
  HOLD_ERASURE: ["OPERATOR"], RELEASE_ERASURE_HOLD: ["OPERATOR"], ERASE: ["SYSTEM"],
};
const LEGAL = {
  ACTIVE: { TERMINATE: terminate, HOLD_ERASURE: hold, RELEASE_ERASURE_HOLD: release },
  TERMINATED: { RESUME: resume, END_SERVICE: endService, HOLD_ERASURE: hold, RELEASE_ERASURE_HOLD: release, ERASE: erase },
  ERASED: {},
};
const ILLEGAL = { ACTIVE: "NOT_TERMINATED", TERMINATED: "ALREADY_TERMINATED", ERASED: "CONTRACT_ERASED" };

/** Microseconds since 1970. */
function micros(instant) {
  const [, digits = ""] = /\.(\d+)/.exec(instant) ?? [];
  return BigInt(Date.parse(instant.replace(/\.\d+/, ""))) * 1000n + BigInt(digits.padEnd(6, "0"));
}

const passed = (deadline, now) => micros(now) >= micros(deadline.at);

function written(ms, zone) {
  const ahead = (wall(ms, zone) - ms) / 60_000;
  const offset = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60].map((part) => String(part).padStart(2, "0"));
  return `${new Date(wall(ms, zone)).toISOString().slice(0, 19)}${ahead < 0 ? "-" : "+"}${offset.join(":")}`;
}

function promised(policy, now) {
  const local = localTime(now, policy.zone);
  const deadline = (period) => {
    const last = countedLastDay(period, local);
    return { last_day: textOf(last), at: written(endOfDay(last, policy.zone), policy.zone) };
  };
  return {
    requested_on: local.slice(0, 10), policy_name: policy.name, policy_version: policy.version, zone: policy.zone,
    service_end: deadline(policy.service_end), resumption: deadline(policy.resumption), erasure: deadline(policy.erasure),
  };
}

function decide(policy, facts, action, actor, now) {
  const carryOut = LEGAL[facts.status][action];
  let answer = ILLEGAL[facts.status];
  if (!PERMITTED[action].includes(actor)) answer = "ACTOR_NOT_PERMITTED";
  else if (carryOut) answer = carryOut({ policy, facts, actor, now, application: facts.application });
  if (typeof answer !== "string") return answer;
  return { outcome: "refused", reason: answer, action, actor, at: now, timeline: facts.application?.timeline ?? null };
}

const granted = (facts, change, effects) => (
  { outcome: "granted", facts: { ...facts, version: facts.version + 1, ...change }, effects }
);
const record = (type, at, actor, application) => (
  { effect: "record_event", type, at, actor, application_number: application?.number ?? null }
);
const mail = (kind) => ({ effect: "send_mail", kind });

function missedServiceEnd({ facts, application, now }) {
  const { service_end } = application.timeline;
  if (facts.service_ended || !passed(service_end, now)) return [];
  return [record("SERVICE_ENDED", service_end.at, "SYSTEM", application)];
}

function terminate({ policy, facts, actor, now }) {
  const number = facts.applications + 1;
  try {
    const application = { number, requested_at: now, timeline: promised(policy, now) };
    const effects = [record("TERMINATION_REQUESTED", now, actor, application), mail("TERMINATION_ACCEPTED")];
    return granted(facts, { status: "TERMINATED", applications: number, application, service_ended: false }, effects);
  } catch (error) {
    if (error instanceof DateOutOfRange) return "DATE_OUT_OF_RANGE";
    throw error;
  }
}

function resume(asked) {
  const { facts, actor, now, application } = asked;
  if (passed(application.timeline.resumption, now)) return "RESUME_WINDOW_CLOSED";
  const effects = [...missedServiceEnd(asked), record("RESUMED", now, actor, application), mail("RESUMPTION_ACCEPTED")];
  return granted(facts, { status: "ACTIVE", application: null, service_ended: false }, effects);
}

function endService({ facts, actor, now, application }) {
  const { service_end } = application.timeline;
  if (facts.service_ended) return "SERVICE_END_RECORDED";
  if (!passed(service_end, now)) return "NOT_DUE_YET";
  return granted(facts, { service_ended: true }, [record("SERVICE_ENDED", service_end.at, actor, application)]);
}

function erase(asked) {
  const { facts, actor, now, application } = asked;
  if (!passed(application.timeline.erasure, now)) return "NOT_DUE_YET";
  if (facts.erasure_held) return "ERASURE_ON_HOLD";
  const effects = [...missedServiceEnd(asked), record("ERASED", now, actor, application)];
  return granted(facts, { status: "ERASED", service_ended: true }, effects);
}

function hold({ facts, actor, now }) {
  return setHold(facts, true, record("ERASURE_HELD", now, actor, null));
}

function release({ facts, actor, now }) {
  return setHold(facts, false, record("ERASURE_HOLD_RELEASED", now, actor, null));
}

function setHold(facts, held, event) {
  if (facts.erasure_held === held) return { outcome: "granted", facts, effects: [] };
  return granted(facts, { erasure_held: held }, [event]);
}

function standing({ status, application }, now) {
  if (status !== "TERMINATED") {
    return { phase: status === "ACTIVE" ? "IN_USE" : "ERASED", service_available: status === "ACTIVE", until: null };
  }
  const { resumption, service_end, erasure } = application.timeline;
  const running = !passed(service_end, now);
  let phase = passed(erasure, now) ? "ERASURE_DUE" : "SERVICE_ENDED";
  if (running) phase = "RUNNING_OUT";
  if (!passed(resumption, now)) phase = "RESUMABLE";
  const ahead = [resumption, service_end, erasure].filter((deadline) => !passed(deadline, now));
  ahead.sort((one, other) => (micros(one.at) < micros(other.at) ? -1 : 1));
  return { phase, service_available: running, until: ahead[0]?.at ?? null };
}

// ---------------------------------------------------------------- vectors

export function answer({ period, event, zone, policy, facts, action, actor, now }) {
  try {
    if (action) {
      const decision = decide(policy, facts, action, actor, now);
      return { decision, refused: decision.reason };
    }
    if (facts) return { standing: standing(facts, now) };
    return zone ? { ends_at: written(endsAt(period, event, zone), zone) } : { last_day: textOf(countedLastDay(period, event)) };
  } catch (error) {
    return { error: error.constructor.name };
  }
}
