// The form of a process: builds the execute request, sends it, and shows what comes of it.

import { add, begin, choose, fill, hold, own, pathOf, read, Wrong } from "./controls.js";
import { make, visible } from "./elements.js";
import { isRounded, parse } from "./json.js";
import { showSnippets } from "./snippets.js";

const form = document.querySelector("form.execution");
const { root, process } = form.dataset;
const address = new URL(`${root}processes/${encodeURIComponent(process)}/execution`, location.href).href;
const status = form.querySelector("[data-status]");
const run = form.querySelector("button.main");
const stop = form.querySelector("[data-stop]");
const outcome = document.querySelector("#outcome");
const maps = new WeakMap();
let running;
let waiting;

const tell = (text) => (status.textContent = text);
const inputs = () => [...form.querySelectorAll("[data-field]")];
const control = (field) => field.querySelector("[data-kind]");

function request() {
  const values = inputs().map((field) => [field.dataset.field, read(control(field))]);
  const given = Object.fromEntries(values.filter(([, value]) => value !== undefined));
  return { inputs: given, ...chosenOutputs(), response: "document" };
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
    ...(transmission?.selectedIndex > 0 ? { transmissionMode: transmission.value } : {}),
    ...(media?.selectedIndex > 0 ? { format: { mediaType: media.value } } : {}),
  };
}

const preference = () => new FormData(form).get("prefer") ?? "";

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (running) return;
  clearErrors();
  outcome.replaceChildren();
  outcome.hidden = true;
  clearTimeout(waiting);
  tellInCode();
  try {
    await send(request());
  } catch (error) {
    if (error instanceof Wrong) showErrors([{ path: pathOf(error.element), message: error.message }], error.element);
    else if (error.name === "AbortError") tell("Stopped.");
    else showProblem({ title: "The server cannot be reached as it should", detail: error.message });
  }
});

async function send(body) {
  const start = performance.now();
  running = new AbortController();
  stop.hidden = false;
  tell("Running …");
  try {
    const prefer = preference();
    const headers = { "Content-Type": "application/json", Accept: "application/json", ...(prefer && { Prefer: prefer }) };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal: running.signal });
    const document_ = await answer.text().then(parse).catch(() => {
      throw new Error(`The answer, ${answer.status} ${answer.statusText}, is not JSON.`);
    });
    if (answer.status === 201) location.assign(`${root}jobs/${document_.jobID}`);
    else if (answer.ok) await showResults(document_, performance.now() - start, answer.headers.get("Cache-Status"));
    else showProblem(document_);
  } finally {
    running = undefined;
    if (document.activeElement === stop) run.focus();
    stop.hidden = true;
  }
}

stop.addEventListener("click", () => running?.abort());

async function showResults(results, milliseconds, cache) {
  const seconds = (milliseconds / 1000).toLocaleString("en", { maximumSignificantDigits: 2 });
  tell(`Done in ${seconds} s${cache?.includes("hit") ? ", from the cache" : ""}.`);
  const { show } = await import("./views.js");
  const sections = Object.entries(results).map(([name, value]) => [make("section", { class: "output" }), name, value]);
  outcome.replaceChildren(make("h2", {}, "Results"), ...sections.map(([section]) => section));
  if (!sections.length) outcome.append(make("p", {}, "The process left none."));
  outcome.hidden = false;
  outcome.focus();
  for (const [section, name, value] of sections) await show(section, { name, ...outputOf(value) });
}

/** A value, one that says what it is, or a link, which is followed on this server, whatever it calls itself. */
function outputOf(value) {
  if (value?.mediaType && "value" in value) return { type: value.mediaType, value: value.value, encoding: value.encoding };
  const here = /jobs\/[^/]+\/results\/[^/]+$/.exec(value?.rel === "item" ? value.href : "");
  if (here) return { type: value.type, href: root + here[0] };
  return { type: typeof value === "string" ? "text/plain" : "application/json", value };
}

function clearErrors() {
  form.querySelectorAll(".error").forEach((one) => one.remove());
  for (const one of form.querySelectorAll("[aria-invalid]")) {
    one.removeAttribute("aria-invalid");
    one.setAttribute("aria-describedby", one.dataset.described ?? "");
    if (!one.dataset.described) one.removeAttribute("aria-describedby");
  }
}

function showProblem(problem) {
  if (problem.errors?.length) return showErrors(problem.errors);
  const text = make("p", { class: "error", role: "alert", tabindex: -1 }, make("strong", {}, visible(problem.title)));
  text.append(` ${visible(problem.detail ?? "")}`);
  form.prepend(text);
  text.focus();
  tell("");
}

function showErrors(errors, element) {
  const shown = [...form.querySelectorAll("[data-at], [data-item]")].filter((place) => place.checkVisibility());
  const places = shown.map((place) => [pathOf(place), place]);
  const marked = errors.map(({ path, message }) => {
    const above = places.filter(([at]) => at && path.startsWith(at) && /^($|[.[])/.test(path.slice(at.length)));
    const [at, place] = above.reduce((best, one) => (one[0].length > best[0].length ? one : best), ["", form]);
    return mark(place, place === form ? `${path}: ${message}` : `${path.slice(at.length)} ${message}`, element);
  });
  tell(`${errors.length === 1 ? "One thing is" : `${errors.length} things are`} wrong.`);
  marked.find((one) => one !== form)?.focus();
  if (marked.every((one) => one === form)) form.querySelector(".error").focus();
}

let errorNumber = 0;

/** Puts the message beside the place, and gives back what can be focused there. */
function mark(place, message, element) {
  const label = place.closest("label"); // Of a part of a bounding box: the only places that have one.
  const name = label ? `${label.firstChild.data.trim()}: ` : "";
  const said = name + visible(message.trim());
  const text = make("p", { class: "error", id: `error-${++errorNumber}`, tabindex: -1 }, said);
  if (place === form) {
    form.prepend(text);
    return form;
  }
  const [around, after] = label ? [label.closest("fieldset"), ".row ~ :not(.error)"] : [place, "details"];
  around.insertBefore(text, around.querySelector(`:scope > ${after}`));
  const entry = element ?? [place, ...place.querySelectorAll("input, textarea, select")].find(
    (one) => one.matches("input, textarea, select:not([data-mode], [data-choose])") && one.checkVisibility(),
  );
  if (!entry) return text;
  entry.dataset.described ??= entry.getAttribute("aria-describedby") ?? "";
  entry.setAttribute("aria-invalid", "true");
  entry.setAttribute("aria-describedby", `${entry.getAttribute("aria-describedby") ?? ""} ${text.id}`.trim());
  return entry;
}

form.addEventListener("click", async ({ target }) => {
  const { add: adds, remove, map, clear, example } = target.dataset;
  if (adds !== undefined) add(target.closest("[data-kind]")).querySelector("input, textarea, select")?.focus();
  if (remove !== undefined) {
    const list = target.closest("[data-kind]");
    target.closest("[data-item]").remove();
    list.querySelector(":scope > [data-add]").focus();
  }
  if (clear !== undefined) {
    fill(target.closest("[data-kind]"), undefined);
    target.closest("[data-kind]").querySelector("input").focus();
  }
  if (map !== undefined) await openMap(target);
  if (example !== undefined) fillWith(examples[example].inputs, `Filled with: ${examples[example].title ?? example}`);
  if ([adds, remove, clear].some((one) => one !== undefined)) changed(target);
});

form.addEventListener("change", async ({ target }) => {
  if (target.matches("[data-choose], [data-mode]")) choose(target);
  if (target.type === "file" && target.files[0]) await take(target.closest("[data-kind]"), target.files[0]);
  changed(target);
});

form.addEventListener("input", ({ target }) => {
  for (let one = target; one; one = one.parentElement?.closest("[data-kind]")) delete one.dataset?.empty;
  changed(target);
});

form.addEventListener("held", ({ target }) => changed(target));

function changed(target) {
  clearTimeout(waiting);
  waiting = setTimeout(tellInCode, 150);
  const kept = target.closest?.("[data-kind]");
  if (kept?.dataset.kind === "geojson") preview(kept);
  if (kept?.closest("[data-kind=bbox]")) maps.get(kept.closest("[data-kind=bbox]"))?.();
}

function tellInCode() {
  try {
    const base = new URL(root, location.href).href;
    showSnippets({ base, address, process, body: request(), prefer: preference(), keyHeader: form.dataset.keyHeader });
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
  }
}

/** What a file holds, as this control takes it. */
async function take(kept, file) {
  if (kept.dataset.kind === "geojson") {
    try {
      const text = await file.text();
      fill(kept, parse(text));
      if (isRounded(text)) hold(kept, undefined, `${file.name}: this browser would round integers of so many digits`);
      else if (!kept.querySelector("output").value) hold(kept, undefined, file.name);
    } catch (error) {
      hold(kept, undefined, `${file.name} is not JSON: ${error.message}`);
    }
    return;
  }
  const reader = new FileReader();
  reader.readAsDataURL(file);
  await new Promise((done) => reader.addEventListener("loadend", done));
  hold(kept, reader.result.split(",")[1] ?? "", `${file.name}, ${file.size.toLocaleString("en")} bytes`);
}

/** The GeoJSON on a map; while it is none, none. */
async function preview(kept) {
  const ground = kept.querySelector(".ground");
  let geojson;
  try {
    geojson = read(kept);
  } catch {
    geojson = undefined;
  }
  const text = JSON.stringify(geojson);
  if (ground.shown === text) return;
  ground.shown = text;
  ground.hidden = !geojson?.type;
  if (ground.hidden) return;
  const { showFeatures } = await import("./map.js");
  ground.hidden = !(await showFeatures(ground, geojson));
}

async function openMap(button) {
  const box = button.closest("[data-kind]");
  const ground = box.querySelector(".ground");
  ground.hidden = false;
  button.hidden = true;
  const { pickBox } = await import("./map.js");
  const crs = button.dataset.map || undefined;
  const picker = await pickBox(ground, (bbox) => {
    fill(box, { bbox, crs });
    changed(form);
  });
  const draw = () => {
    const bbox = [...box.querySelectorAll("[type=number]")].map((input) => input.valueAsNumber);
    if (bbox.every((one, place) => Math.abs(one) <= (place % 2 ? 90 : 180))) picker.set(bbox);
  };
  maps.set(box, draw);
  draw();
  ground.querySelector(".map").focus({ preventScroll: true });
}

const examples = parse(document.querySelector("#examples")?.textContent ?? "{}");

function fillWith(values, text) {
  clearErrors();
  for (const field of inputs()) fill(control(field), own(values, field.dataset.field));
  tell(text);
  changed(form);
}

async function fillFromJob(job) {
  const answer = await fetch(`${root}jobs/${encodeURIComponent(job)}/inputs`, { headers: { Accept: "application/json" } });
  const kept = parse(await answer.text());
  if (answer.ok) fillWith(kept, `Filled with the inputs of job ${job}`);
  else showProblem(kept);
}

form.querySelectorAll("[data-kind=array]").forEach(begin);
form.querySelectorAll("[data-choose], [data-mode]").forEach((select) => choose(select));
tellInCode();
const job = new URLSearchParams(location.search).get("job");
if (job) await fillFromJob(job);
run.disabled = false;
form.dataset.ready = "";
