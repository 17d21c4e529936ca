// JSON whose integers keep all their digits.

const LONG_INTEGER = /(?<![\d.])\d{16,}(?![\d.eE])/;
const INTEGER = /^-?\d+$/;

/** Integers that no number holds become raw JSON, which `JSON.stringify` writes as it was read. */
export function parse(text) {
  return canKeepDigits() && LONG_INTEGER.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
}

/** Whether `parse` would round integers of the text, as in browsers that do not tell how a number was written. */
export function isRounded(text) {
  return !canKeepDigits() && LONG_INTEGER.test(text);
}

function canKeepDigits() {
  return "rawJSON" in JSON;
}

function exact(_, value, { source }) {
  const isExact = typeof value !== "number" || Number.isSafeInteger(value) || !INTEGER.test(source);
  return isExact ? value : JSON.rawJSON(source);
}

/** Whether a value is an array or has members. */
export function isNested(value) {
  return value !== null && typeof value === "object" && !JSON.isRawJSON?.(value);
}

/** The digits of an integer that no number holds; any other value as it is. */
export function digits(value) {
  return JSON.isRawJSON?.(value) ? value.rawJSON : value;
}
