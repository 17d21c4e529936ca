/** The page of a job follows it: by events, and by asking now and then where events do not come. */

import { make, quoted, visible } from "./elements.js";
import { renew } from "./renewal.js";
import { duration, localTimes, roughly, setTime } from "./times.js";

const MOST_LINES = 1001; // with one that says how many came before
const POLL = 2000;
const POLL_HIDDEN = 5000;
const PATIENCE = 5000; // for the first event, which the server sends at once

const page = document.getElementById("job");
const { url, list } = page.dataset;
const course = page.querySelector(".course");
const log = page.querySelector(".log");
const dialog = page.querySelector("dialog");
const trouble = page.querySelector(".trouble");
const isFinal = (status) => !["accepted", "running"].includes(status);
const within = (selector) => page.querySelector(selector);

let clock; // when the run began, as this browser counts, and when it will end by its progress
let source; // of events, while they come
let timer; // of the next question, where they do not
let round = 0; // of following or asking: what comes late from an earlier one counts no more
let shown = Promise.resolve(); // once the status that was told last is on the page

/* Status and progress */

function setClock() {
  const { status, seconds } = course.dataset;
  clock = status === "running" && seconds ? { began: performance.now() - 1000 * seconds } : undefined;
  estimate();
}

function estimate() {
  const progress = within("progress").value;
  if (!clock) return;
  const lasted = performance.now() - clock.began;
  clock.ends = lasted > 2000 && progress > 0 && progress < 100 ? clock.began + (lasted * 100) / progress : undefined;
}

function tick() {
  const now = performance.now();
  const left = clock?.ends > now ? `about ${roughly((clock.ends - now) / 1000)} left` : "";
  if (clock) within(".elapsed").textContent = duration((now - clock.began) / 1000);
  within(".rest").textContent = left;
}

function showProgress({ progress, message, updated }) {
  const bar = within("progress");
  if (progress !== bar.value) {
    bar.value = progress;
    within(".percent").textContent = `${progress} %`;
    estimate();
  }
  within(".message").textContent = visible(message ?? "");
  setTime(within(".updated time"), updated);
  const { status } = course.dataset;
  const said = status === "running" ? `${status} ${progress} % ` : `${status} `;
  document.title = said + document.title.slice(document.title.indexOf("–"));
}

/** One after the other: an older answer must not come last. */
function showStatus(info) {
  shown = shown.then(async () => {
    if (info.status !== course.dataset.status) await renewPage();
    else if (!isFinal(info.status)) showProgress(info);
  });
  return shown;
}

async function renewPage() {
  const status = await renew();
  if ([404, 410].includes(status)) location.reload();
  revealButtons();
  setClock();
  tick();
}

/* Log */

let waiting = [];

function addLine(line) {
  waiting.push(line);
  if (waiting.length === 1) setTimeout(() => showLines(waiting.splice(0)), 50);
}

function showLines(lines, { instead = false } = {}) {
  const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  const elements = lines.map(lineElement);
  if (instead) log.replaceChildren(...elements);
  else log.append(...elements);
  while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function lineElement({ time, level, source, text }) {
  const hour = new Date(time).toLocaleTimeString("sv-SE");
  const moment = make("time", { datetime: time, title: time }, hour);
  const word = level === "INFO" ? [] : [make("b", {}, level), " "];
  return make("p", { class: `line at-${level.toLowerCase()} of-${source}` }, moment, " ", ...word, quoted(text));
}

/* Following */

function follow() {
  stop();
  let hasHeard = false;
  let failures = 0;
  source = new EventSource(`${url}/events`);
  timer = setTimeout(poll, PATIENCE);
  const hear = (name, tell) =>
    source.addEventListener(name, (event) => {
      if (!hasHeard) {
        clearTimeout(timer);
        log.replaceChildren();
        say("");
      }
      hasHeard = true;
      failures = 0;
      tell(JSON.parse(event.data));
    });
  hear("status", (info) => showStatus(info).catch(poll));
  hear("progress", showProgress);
  hear("log", addLine);
  hear("done", stop);
  source.onerror = () => {
    failures += 1;
    if (!hasHeard || failures > 2 || source.readyState === EventSource.CLOSED) poll();
  };
}

function stop() {
  round += 1;
  source?.close();
  clearTimeout(timer);
}

async function poll() {
  stop();
  const mine = round;
  shown = Promise.resolve();
  let isOver = false;
  try {
    isOver = await ask();
    say("");
  } catch {
    say("The server does not answer. This page goes on asking.");
  }
  if (!isOver && mine === round) timer = setTimeout(poll, document.hidden ? POLL_HIDDEN : POLL);
}

/** Whether there is nothing more to ask for. */
async function ask() {
  const answer = await fetch(`${url}?f=json`);
  if ([404, 410].includes(answer.status)) location.reload();
  if (!answer.ok) return false;
  const info = await answer.json();
  const lines = await fetch(`${url}/logs?f=json`);
  if (lines.ok) showLines(await lines.json(), { instead: true });
  await showStatus(info);
  return isFinal(info.status);
}

/* Buttons */

function revealButtons() {
  for (const button of page.querySelectorAll("[data-asks]")) button.hidden = false;
}

function say(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
}

page.addEventListener("click", ({ target }) => {
  const { asks } = target.dataset;
  if (!asks) return;
  dialog.querySelector("#question").textContent = asks;
  dialog.querySelector("[value=yes]").textContent = target.textContent;
  dialog.returnValue = "";
  dialog.showModal();
});

dialog.addEventListener("close", () => {
  if (dialog.returnValue === "yes") remove().catch(() => say("The server does not answer. Try again in a moment."));
});

async function remove() {
  const wasFinal = isFinal(course.dataset.status);
  const answer = await fetch(url, { method: "DELETE", headers: { Accept: "application/json" } });
  if (!answer.ok && answer.status !== 410) say((await answer.json()).detail);
  else if (wasFinal) location.assign(list);
  else await renewPage();
}

document.addEventListener("visibilitychange", () => {
  // A browser holds few connections to one server: pages that nobody sees leave theirs to others.
  if (isFinal(course.dataset.status)) return;
  if (document.hidden) poll();
  else follow();
});

localTimes(document);
revealButtons();
setClock();
tick();
setInterval(tick, 1000);
log.hidden = false;
if (document.hidden) poll();
else follow();
