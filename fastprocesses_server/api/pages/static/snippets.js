// The request of the form as code: curl, Python, JavaScript. A key of the caller is read from the environment, KEY.

import { isObject } from "./controls.js";
import { make, visible } from "./elements.js";
import { isNested } from "./json.js";

const MOST_TEXT = 20_000;
const FILE = "request.json";
const PYTHON_KEY = 'os.environ["KEY"]';
const section = document.querySelector("#code");

/** JSON in which nothing turns the order of the text around. */
const json = (value, indent) => visible(JSON.stringify(value, null, indent));

/** An expression of JavaScript for JSON. There, the name `__proto__` alone would set a prototype, and numbers lose digits. */
function asText(value) {
  const text = JSON.stringify(value);
  if (JSON.stringify(JSON.parse(text)) !== text) return json(text);
  return `JSON.stringify(${indented(json(value, 2).replaceAll('"__proto__":', '["__proto__"]:'), 2)})`;
}

/** Indents all lines but the first. */
const indented = (text, by) => text.replaceAll("\n", `\n${" ".repeat(by)}`);

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function python(value, depth = 1) {
  const [inside, end] = [`\n${"    ".repeat(depth)}`, `\n${"    ".repeat(depth - 1)}`];
  if (Array.isArray(value)) {
    if (!value.some(isNested)) {
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

/** Members of an object or dict: headers by their names, and the one of the key, whose value is an expression. */
function headerList(headers, keyHeader, key) {
  const lines = Object.entries(headers).map(([name, value]) => `${json(name)}: ${json(value)}`);
  return [...lines, ...(keyHeader ? [`${json(keyHeader)}: ${key}`] : [])].join(", ");
}

/** Of Python's own modules, those that are needed. */
function imports(modules) {
  const lines = Object.keys(modules).filter((name) => modules[name]).map((name) => `import ${name}\n`);
  return lines.length ? `${lines.join("")}\n` : "";
}

function curl({ address, body, prefer, isLarge, keyHeader }) {
  const lines = [
    `curl ${shell(address)}`,
    "-H 'Content-Type: application/json'",
    ...(prefer ? [`-H ${shell(`Prefer: ${prefer}`)}`] : []),
    ...(keyHeader ? [`-H "${keyHeader}: $KEY"`] : []),
    isLarge ? `--data-binary @${FILE}` : `--data-raw ${shell(json(body, 2))}`,
  ];
  return lines.join(" \\\n  ");
}

function httpx({ address, body, prefer, isLarge, keyHeader }) {
  const headers = { ...(isLarge && { "Content-Type": "application/json" }), ...(prefer && { Prefer: prefer }) };
  const isAsync = prefer === "respond-async";
  return `${imports({ os: keyHeader, time: isAsync })}import httpx

client = httpx.Client(${keyHeader ? `headers={${headerList({}, keyHeader, PYTHON_KEY)}}, ` : ""}timeout=None)
response = client.post(
    ${json(address)},
    ${isLarge ? `content=open("${FILE}", "rb").read()` : `json=${indented(python(body), 4)}`},
    headers={${headerList(headers)}},
)
response.raise_for_status()
${isAsync ? HTTPX_JOB : "print(response.json())"}`;
}

const HTTPX_JOB = `job = response.headers["Location"]
while (status := client.get(job).json())["status"] in ("accepted", "running"):
    time.sleep(1)
print(status["status"])
print(client.get(f"{job}/results").json())`;

function owslib({ base, process, body, prefer, isLarge, keyHeader }) {
  const outputs = body.outputs ? `\n    outputs=${indented(python(body.outputs), 4)},` : "";
  const inputs = isLarge ? `json.load(open("${FILE}"))["inputs"]` : indented(python(body.inputs), 4);
  const key = keyHeader ? `, headers={${headerList({}, keyHeader, PYTHON_KEY)}}` : "";
  return `${imports({ json: isLarge, os: keyHeader })}from owslib.ogcapi.processes import Processes

server = Processes(${json(base)}${key})
result = server.execute(
    ${json(process)},
    inputs=${inputs},${outputs}
    async_=${prefer === "respond-async" ? "True" : "False"},
)
print(result)`;
}

function javascript({ address, body, prefer, isLarge, keyHeader }) {
  const headers = { "Content-Type": "application/json", ...(prefer && { Prefer: prefer }) };
  const read = isLarge ? `import { readFile } from "node:fs/promises";\n\n` : "";
  return `${read}const response = await fetch(${json(address)}, {
  method: "POST",
  headers: { ${headerList(headers, keyHeader, "process.env.KEY")} },
  body: ${isLarge ? `await readFile("${FILE}")` : asText(body)},
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
