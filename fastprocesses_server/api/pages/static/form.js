// The form of a process: builds the execute request, sends it, and shows what comes of it.

import { choose, read, Wrong } from "./controls.js";
import { parse } from "./json.js";

const form = document.querySelector("form.execution");
const { root, process, keyHeader } = form.dataset;
const base = new URL(root, location.href).href;
const address = `${base}processes/${encodeURIComponent(process)}/execution`;
const [status, trouble, outcome, code] = ["status", "trouble", "outcome", "code"].map((id) => document.getElementById(id));
const [run, stop] = form.querySelectorAll(".send button");
const examples = parse(document.getElementById("examples")?.textContent ?? "{}");

let running; // what ends the request that is under way
let waiting; // for the end of typing
let errors; // the module that shows them, once a run was begun
let snippets; // the module that writes them, once somebody sees them

const fields = () => [...form.querySelectorAll("[data-field]")].map((one) => [one.dataset.field, one.querySelector("[data-kind]")]);
const preference = () => new FormData(form).get("prefer") ?? "";

function request() {
  const values = fields().map(([name, control]) => [name, read(control)]);
  const inputs = Object.fromEntries(values.filter(([, value]) => value !== undefined));
  return { inputs, ...chosenOutputs(), response: "document" };
}

/** Nothing where all are wanted as they come. */
function chosenOutputs() {
  const boxes = [...form.querySelectorAll("[data-wanted]")];
  const wanted = boxes.filter((box) => box.checked).map((box) => box.closest("[data-output]"));
  if (boxes.length && !wanted.length) throw new Wrong(boxes[0], "At least one output is to be wanted.");
  const outputs = Object.fromEntries(wanted.map((output) => [output.dataset.output, wayOf(output)]));
  const isPlain = wanted.length === boxes.length && Object.values(outputs).every((way) => !Object.keys(way).length);
  return isPlain ? {} : { outputs };
}

function wayOf(output) {
  const [transmission, media] = ["[data-transmission]", "[data-media]"].map((part) => output.querySelector(part));
  return {
    ...(transmission?.selectedIndex > 0 && { transmissionMode: transmission.value }),
    ...(media?.selectedIndex > 0 && { format: { mediaType: media.value } }),
  };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  clear();
  clearTimeout(waiting);
  tellInCode();
  loadErrors().catch(() => {}); // Now, for the server might be gone when they are to be shown.
  try {
    await send(request());
  } catch (error) {
    if (error.name === "AbortError") status.textContent = "Stopped.";
    else await tell(error);
  }
});

async function send(body) {
  const start = performance.now();
  running = new AbortController();
  stop.hidden = false;
  status.textContent = "Running …";
  try {
    const prefer = preference();
    const headers = { "Content-Type": "application/json", Accept: "application/json", ...(prefer && { Prefer: prefer }) };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal: running.signal });
    const document_ = await answer.text().then(parse).catch(() => {
      throw new Error(`The answer, ${answer.status} ${answer.statusText}, is not JSON.`);
    });
    if (answer.status === 201) location.assign(`${root}jobs/${document_.jobID}`);
    else if (answer.ok) await succeed(document_, performance.now() - start, answer.headers.get("Cache-Status"));
    else await tell(document_);
  } finally {
    running = undefined;
    if (document.activeElement === stop) run.focus();
    stop.hidden = true;
  }
}

stop.addEventListener("click", () => running?.abort());

async function succeed(results, milliseconds, cache) {
  const seconds = (milliseconds / 1000).toLocaleString("en", { maximumSignificantDigits: 2 });
  status.textContent = `Done in ${seconds} s${cache?.includes("hit") ? ", from the cache" : ""}.`;
  const { showResults } = await import("./outcome.js");
  await showResults(results, root);
}

const loadErrors = async () => (errors ??= await import("./errors.js"));

/** A problem document of the server, what a control finds wrong, or that nothing comes from the server. */
async function tell(problem) {
  status.textContent = "";
  try {
    if (problem instanceof Error && !(problem instanceof Wrong)) throw problem;
    const { showProblem, showWrong } = await loadErrors();
    const count = problem instanceof Wrong ? showWrong(problem) : showProblem(problem);
    if (count) status.textContent = count === 1 ? "One thing is wrong." : `${count} things are wrong.`;
  } catch (error) {
    trouble.textContent = `The server cannot be reached as it should: ${error.message}`;
    trouble.hidden = false;
    trouble.focus();
  }
}

function clear() {
  errors?.clearErrors();
  for (const part of [trouble, outcome]) {
    part.replaceChildren();
    part.hidden = true;
  }
}

async function fillWith(values, text) {
  run.disabled = true;
  const { fill, own } = await import("./filling.js");
  clear();
  for (const [name, control] of fields()) fill(control, own(values, name));
  status.textContent = text;
  form.dispatchEvent(new Event("change"));
  run.disabled = false;
}

form.addEventListener("click", ({ target }) => {
  const { inputs, title } = examples[target.dataset.example] ?? {};
  if (inputs) fillWith(inputs, `Filled with: ${title ?? target.dataset.example}`).catch(tell);
});

form.addEventListener("input", ({ target }) => {
  for (let one = target; one; one = one.parentElement) delete one.dataset.empty;
  changed();
});

form.addEventListener("change", ({ target }) => {
  if (target.matches("[data-choose], [data-mode]")) choose(target);
  changed();
});

function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(tellInCode, 150);
}

function tellInCode() {
  try {
    snippets?.showSnippets({ base, address, process, body: request(), prefer: preference(), keyHeader });
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
  }
}

async function fillFromJob(job) {
  const answer = await fetch(`${root}jobs/${encodeURIComponent(job)}/inputs`, { headers: { Accept: "application/json" } });
  const kept = parse(await answer.text());
  if (answer.ok) await fillWith(kept, `Filled with the inputs of job ${job}`);
  else await tell(kept);
}

const seen = new IntersectionObserver(async (entries) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  snippets = await import("./snippets.js").catch(() => undefined); // While the server is away; at the next sight again.
  if (snippets) seen.disconnect();
  tellInCode();
});

form.querySelectorAll("[data-choose], [data-mode]").forEach(choose);
code.hidden = false;
seen.observe(code);
const job = new URLSearchParams(location.search).get("job");
if (job) await fillFromJob(job).catch(tell);
run.disabled = false;
form.dataset.ready = "";
