// What is taken of files that came together; it does not know how they came.

const MAX_TOGETHER = 8; // files, as in uploads.py
const MAX_BYTES = 100_000_000; // of one upload: the server takes no more

/** Why these are too much to be opened at once; empty when they are not. @param {File[]} files */
export function tooMuch(files) {
  if (files.length > MAX_TOGETHER) {
    return `These are ${files.length} files. At most ${MAX_TOGETHER} can be opened at once.`;
  }
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (files.length < 2 || bytes <= MAX_BYTES) return "";
  return `These ${files.length} files are larger than ${MAX_BYTES / 1e6} MB together. Open them one at a time.`;
}

/**
 * Whether a text that was copied with files is only their names or addresses, as file managers write it.
 * @param {string} text @param {File[]} files
 */
export function areNames(text, files) {
  const names = new Set(files.map(({ name }) => name.normalize()));
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim());
  return lines.every((line) => names.has(lastPart(line).normalize()));
}

/** @param {string} line */
function lastPart(line) {
  const written = line.trim().replace(/^"|"$/g, "").split(/[\\/]/).pop() || "";
  if (!line.trim().startsWith("file:")) return written;
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}
