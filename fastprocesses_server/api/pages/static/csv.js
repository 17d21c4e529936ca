// CSV (RFC 4180), separated by commas, semicolons or tabs.

/** Rows of texts. Of a text that was cut off the last row is left out. */
export function rowsOf(text, isWhole = true) {
  const separator = separatorOf(text);
  const rows = [];
  let row = [];
  for (const [value, end] of fieldsOf(text, separator)) {
    row.push(value);
    if (end === separator) continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  if (!isWhole) rows.pop();
  return rows;
}

function separatorOf(text) {
  const [head] = text.split("\n", 1);
  const counts = [",", ";", "\t"].map((separator) => [head.split(separator).length, separator]);
  return counts.reduce((best, one) => (one[0] > best[0] ? one : best))[1];
}

function* fieldsOf(text, separator) {
  const field = new RegExp(`(?:"((?:[^"]|"")*)"?)?([^${separator}\\r\\n]*)(${separator}|\\r\\n|\\n|\\r|$)`, "y");
  field.lastIndex = text.startsWith("\ufeff") ? 1 : 0;
  for (;;) {
    const [, quoted, plain, end] = field.exec(text);
    yield [quoted === undefined ? plain : quoted.replaceAll('""', '"') + plain, end];
    if (end === "") return;
  }
}
