// The results of a run that was waited for, below the form.

import { make } from "./elements.js";
import { show } from "./views.js";

const outcome = document.querySelector("#outcome");

export async function showResults(results, root) {
  const sections = Object.entries(results).map(([name, value]) => [make("section", { class: "output" }), name, value]);
  outcome.replaceChildren(make("h2", {}, "Results"), ...sections.map(([section]) => section));
  if (!sections.length) outcome.append(make("p", {}, "The process left none."));
  outcome.hidden = false;
  outcome.focus();
  for (const [section, name, value] of sections) await show(section, { name, ...outputOf(value, root) });
}

/** A value, one that says what it is, or a link, which is followed on this server, whatever it calls itself. */
function outputOf(value, root) {
  if (value?.mediaType && "value" in value) return { type: value.mediaType, value: value.value, encoding: value.encoding };
  const here = /jobs\/[^/]+\/results\/[^/]+$/.exec(value?.rel === "item" ? value.href : "");
  if (here) return { type: value.type, href: root + here[0] };
  return { type: typeof value === "string" ? "text/plain" : "application/json", value };
}
