// Controls of files that are sent as base64.

import { KINDS } from "./controls.js";
import { fill } from "./filling.js";
import { heldBy, hold } from "./holding.js";

const form = document.querySelector("form.execution");

KINDS.binary = {
  read: heldBy,
  fill(control, value) {
    control.querySelector("input").value = "";
    const text = typeof value === "string" ? value : undefined;
    keep(control, text, text ? `${Math.floor(text.length * 0.75).toLocaleString("en")} bytes` : "");
  },
};

function keep(control, text, what) {
  control.querySelector("[data-clear]").hidden = text === undefined;
  hold(control, text, what);
}

async function take(control, file) {
  const reader = new FileReader();
  reader.readAsDataURL(file);
  await new Promise((done) => reader.addEventListener("loadend", done));
  keep(control, reader.result.split(",")[1] ?? "", `${file.name}, ${file.size.toLocaleString("en")} bytes`);
}

form.addEventListener("change", ({ target }) => {
  const control = target.closest("[data-kind=binary]");
  if (control && target.files?.[0]) take(control, target.files[0]);
});

form.addEventListener("click", ({ target }) => {
  if (target.dataset.clear === undefined) return;
  const control = target.closest("[data-kind]");
  fill(control, undefined);
  control.querySelector("input").focus();
});
