// What a control holds that is too large for a text area, or no text.

const held = new WeakMap();

export const heldBy = (control) => held.get(control);

/** Undefined for nothing; `what` tells people. */
export function hold(control, value, what = "") {
  if (value === undefined) held.delete(control);
  else held.set(control, value);
  control.querySelector("output").value = what;
  control.dispatchEvent(new Event("change", { bubbles: true }));
}
