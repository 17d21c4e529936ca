/** Times as readers know them; the text in UTC, which the server wrote, stays at hand. */

const absolute = new Intl.DateTimeFormat("sv-SE", { dateStyle: "short", timeStyle: "medium" });
const zone = new Intl.DateTimeFormat("en-GB", { timeZoneName: "shortOffset" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function inZone(moment) {
  const offset = zone.formatToParts(moment).find((part) => part.type === "timeZoneName").value;
  return `${absolute.format(moment)} ${offset.replace("GMT", "UTC").replace(/\+0$/, "")}`;
}

function ago(moment) {
  const seconds = Math.round((moment - Date.now()) / 1000);
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / length), unit);
}

/** Those of class `ago` say how long ago they were. */
export function localTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    time.dataset.utc ??= time.textContent;
    const isRelative = time.classList.contains("ago");
    time.textContent = isRelative ? ago(moment) : inZone(moment);
    time.title = isRelative ? `${inZone(moment)}, ${time.dataset.utc}` : time.dataset.utc;
  }
}

/** Another moment, as the server writes it in its documents. */
export function setTime(time, moment) {
  time.dateTime = moment;
  time.dataset.utc = moment.replace("T", " ").replace("Z", " UTC");
  localTimes(time.parentElement);
}

/** As the server writes it: 1:02:03. */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const two = (number) => String(number % 60).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60))}:${two(whole)}`;
}

/** A rough one: 8 s, 3 min, 2 h 5 min. */
export function roughly(seconds) {
  if (seconds < 90) return `${Math.max(Math.round(seconds), 1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
