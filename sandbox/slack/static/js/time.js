// Times as Slack writes them: "2:05 PM", "Today at 2:05 PM", "February 18th, 2026", and all of `<!date^…>`.

const pad = (number) => String(number).padStart(2, "0");
const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
// Slack goes by the person's own choice of 12 or 24 hours; the browser knows that of this machine.
const twelve = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions().hour12 ?? true;

export const momentOf = (ts) => new Date(Number(ts) * 1000);

export function clock(moment, seconds = false) {
  const rest = `:${pad(moment.getMinutes())}${seconds ? `:${pad(moment.getSeconds())}` : ""}`;
  if (!twelve) return `${pad(moment.getHours())}${rest}`;
  return `${moment.getHours() % 12 || 12}${rest} ${moment.getHours() < 12 ? "AM" : "PM"}`;
}

function daysAgo(moment, now) {
  return Math.round((midnight(now) - midnight(moment)) / 86400000);
}

function ordinal(day) {
  const teen = day % 100 > 10 && day % 100 < 14;
  return `${day}${(!teen && ["", "st", "nd", "rd"][day % 10]) || "th"}`;
}

const month = (moment, length) => moment.toLocaleDateString("en-US", { month: length });
const weekday = (moment) => moment.toLocaleDateString("en-US", { weekday: "long" });

function near(moment, now) {
  return { 0: "Today", 1: "Yesterday", "-1": "Tomorrow" }[daysAgo(moment, now)];
}

function longDate(moment) {
  return `${month(moment, "long")} ${ordinal(moment.getDate())}, ${moment.getFullYear()}`;
}

export function ago(moment, now = new Date()) {
  const minutes = Math.round(Math.abs(now - moment) / 60000);
  const words = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  const span = minutes < 60 ? words(minutes, "minute") : minutes < 1440 ? words(Math.round(minutes / 60), "hour") : words(Math.round(minutes / 1440), "day");
  if (minutes < 1) return "just now";
  return now < moment ? `in ${span}` : `${span} ago`;
}

// The line between two days of messages.
export function dayLabel(moment, now = new Date()) {
  const year = moment.getFullYear() === now.getFullYear() ? "" : `, ${moment.getFullYear()}`;
  return near(moment, now) ?? `${weekday(moment)}, ${month(moment, "long")} ${ordinal(moment.getDate())}${year}`;
}

export const dayOf = (ts) => midnight(momentOf(ts)).getTime();

export function lastReply(ts, now = new Date()) {
  const moment = momentOf(ts);
  const day = near(moment, now)?.toLowerCase() ?? `${month(moment, "short")} ${ordinal(moment.getDate())}`;
  return `Last reply ${day} at ${clock(moment)}`;
}

export function formatDate(seconds, form, now = new Date()) {
  const moment = new Date(seconds * 1000);
  const year = moment.getFullYear();
  const short = `${month(moment, "short")} ${moment.getDate()}, ${year}`;
  const parts = {
    date_num: () => `${year}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`,
    date_slash: () => `${pad(moment.getMonth() + 1)}/${pad(moment.getDate())}/${year}`,
    date: () => longDate(moment),
    date_short: () => short,
    date_long: () => `${weekday(moment)}, ${longDate(moment)}`,
    date_long_full: () => `${weekday(moment)}, ${longDate(moment)}`,
    day_divider: () => dayLabel(moment, now),
    time: () => clock(moment),
    time_secs: () => clock(moment, true),
    ago: () => ago(moment, now),
  };
  return form.replace(/\{([a-z_]+)\}/g, (whole, name) => {
    const base = name.replace(/_pretty$/, "");
    if (base !== name && near(moment, now)) return near(moment, now);
    return parts[base] ? parts[base]() : whole;
  });
}
