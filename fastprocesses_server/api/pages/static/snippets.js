// The request of the form as code: curl, Python, JavaScript.

import { isObject } from "./controls.js";
import { make, visible } from "./elements.js";

const MOST_TEXT = 20_000;
const FILE = "request.json";
const section = document.querySelector("#code");

/** JSON in which nothing turns the order of the text around. */
const json = (value, indent) => visible(JSON.stringify(value, null, indent));

/** JSON as an expression of JavaScript, where the name `__proto__` alone would set a prototype. */
const literal = (value) => json(value, 2).replaceAll('"__proto__":', '["__proto__"]:');

/** Indents all lines but the first. */
const indented = (text, by) => text.replaceAll("\n", `\n${" ".repeat(by)}`);

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function python(value, depth = 1) {
  const [inside, end] = [`\n${"    ".repeat(depth)}`, `\n${"    ".repeat(depth - 1)}`];
  if (Array.isArray(value)) {
    if (value.every((item) => item === null || typeof item !== "object")) {
      return `[${value.map((item) => python(item)).join(", ")}]`;
    }
    return `[${value.map((item) => `${inside}${python(item, depth + 1)},`).join("")}${end}]`;
  }
  if (isObject(value)) {
    const members = Object.entries(value).map(([name, member]) => `${inside}${json(name)}: ${python(member, depth + 1)},`);
    return members.length ? `{${members.join("")}${end}}` : "{}";
  }
  const words = new Map([[true, "True"], [false, "False"], [null, "None"]]);
  return words.get(value) ?? json(value);
}

function curl({ address, body, prefer, isLarge }) {
  const lines = [
    `curl ${shell(address)}`,
    "-H 'Content-Type: application/json'",
    ...(prefer ? [`-H ${shell(`Prefer: ${prefer}`)}`] : []),
    isLarge ? `--data-binary @${FILE}` : `--data-raw ${shell(json(body, 2))}`,
  ];
  return lines.join(" \\\n  ");
}

function httpx({ address, body, prefer, isLarge }) {
  const headers = { ...(isLarge && { "Content-Type": "application/json" }), ...(prefer && { Prefer: prefer }) };
  const isAsync = prefer === "respond-async";
  return `${isAsync ? "import time\n\n" : ""}import httpx

response = httpx.post(
    ${json(address)},
    ${isLarge ? `content=open("${FILE}", "rb").read()` : `json=${indented(python(body), 4)}`},
    headers=${json(headers)},
    timeout=None,
)
response.raise_for_status()
${isAsync ? HTTPX_JOB : "print(response.json())"}`;
}

const HTTPX_JOB = `job = response.headers["Location"]
while (status := httpx.get(job).json())["status"] in ("accepted", "running"):
    time.sleep(1)
print(status["status"])
print(httpx.get(f"{job}/results").json())`;

function owslib({ base, process, body, prefer, isLarge }) {
  const outputs = body.outputs ? `\n    outputs=${indented(python(body.outputs), 4)},` : "";
  const inputs = isLarge ? `json.load(open("${FILE}"))["inputs"]` : indented(python(body.inputs), 4);
  return `${isLarge ? "import json\n\n" : ""}from owslib.ogcapi.processes import Processes

server = Processes(${json(base)})
result = server.execute(
    ${json(process)},
    inputs=${inputs},${outputs}
    async_=${prefer === "respond-async" ? "True" : "False"},
)
print(result)`;
}

function javascript({ address, body, prefer, isLarge }) {
  const headers = { "Content-Type": "application/json", ...(prefer && { Prefer: prefer }) };
  const read = isLarge ? `import { readFile } from "node:fs/promises";\n\n` : "";
  return `${read}const response = await fetch(${json(address)}, {
  method: "POST",
  headers: ${json(headers)},
  body: ${isLarge ? `await readFile("${FILE}")` : `JSON.stringify(${indented(literal(body), 2)})`},
});
console.log(await response.json());`;
}

const LANGUAGES = { curl, httpx, owslib, javascript };
let file;

/** In the places of the page; a large request is a file beside the code. */
export function showSnippets(request) {
  const text = JSON.stringify(request.body, null, 1);
  const isLarge = text.length > MOST_TEXT;
  const notice = section.querySelector("[data-file]");
  URL.revokeObjectURL(file);
  notice.replaceChildren();
  if (isLarge) {
    file = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    notice.append("The request is large; the code reads it from ", make("a", { href: file, download: FILE }, FILE), ".");
  }
  for (const [language, write] of Object.entries(LANGUAGES)) {
    section.querySelector(`[data-language=${language}] code`).textContent = write({ ...request, isLarge });
  }
}

section.addEventListener("click", async ({ target }) => {
  if (target.dataset.copy === undefined) return;
  section.querySelectorAll("output").forEach((said) => (said.value = ""));
  const part = target.closest("[data-language]");
  const isCopied = await copy(part.querySelector("code"));
  part.querySelector("output").value = isCopied ? "Copied" : "Selected, but not copied: press Ctrl+C";
});

/** Pages that came over plain HTTP have no clipboard, and not every one may be written to; then the selection is copied. */
async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return document.execCommand("copy");
  }
}
