// What an output holds: from its URL, or from the value that a page has already.

import { isRounded, parse } from "./json.js";

/** At most so many bytes as text, and whether that is all. */
export async function loadText({ href, value, encoding, type }, most) {
  if (typeof value === "string" && encoding !== "base64") return { text: value, isWhole: true };
  const chunks = [];
  let size = 0;
  const stream = href ? (await answerOf(href)).body : bytesOf(value).stream();
  const reader = stream.getReader();
  while (size <= most) {
    const { done, value: chunk } = await reader.read();
    if (done) break;
    chunks.push(chunk);
    size += chunk.length;
  }
  reader.cancel();
  const bytes = new Uint8Array(await new Blob(chunks).slice(0, most).arrayBuffer());
  return { text: decoder(type).decode(bytes, { stream: true }), isWhole: size <= most };
}

/** The value, and whether digits of it were lost; throws a SyntaxError for what is not JSON. */
export async function loadJson({ href, value, encoding }) {
  if (value !== undefined && !areBytes(value, encoding)) return { value, wasRounded: false };
  const text = await (value === undefined ? await answerOf(href) : bytesOf(value)).text();
  return { value: parse(text), wasRounded: isRounded(text) };
}

/** The address of an output as a file, for pictures and downloads. */
export function addressOf({ href, value, encoding, type }, isPicture = false) {
  if (href) return href;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const content = areBytes(value, encoding) ? bytesOf(value) : text;
  // Any other type could be run by a browser, as a page of this server.
  return URL.createObjectURL(new Blob([content], { type: isPicture ? type : "application/octet-stream" }));
}

export function areBytes(value, encoding) {
  return value instanceof Blob || encoding === "base64";
}

function bytesOf(value) {
  return value instanceof Blob ? value : new Blob([Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0))]);
}

async function answerOf(href) {
  const answer = await fetch(href);
  if (!answer.ok) throw new Error(`The server answered ${answer.status} ${answer.statusText}`.trim());
  return answer;
}

function decoder(type = "") {
  try {
    return new TextDecoder(/charset="?([\w-]+)/i.exec(type)?.[1] ?? "utf-8");
  } catch {
    return new TextDecoder();
  }
}
