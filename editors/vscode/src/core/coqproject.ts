/** The logical name of a file, from the `-Q` and `-R` lines of a `_CoqProject`. */

const ARGUMENT = /#[^\n]*|(?:"[^"\n]*"|'[^'\n]*'|[^\s"'#])+/g;
const IDENTIFIER = /^[\p{L}_][\p{L}\p{N}_']*$/u;

export const PROJECT_FILES = ["_CoqProject", "_RocqProject"] as const;

/** A folder and the name that its files are known under. */
export interface Root {
  /** Relative to the `_CoqProject`, normal: no `.`, no `/` at the end; empty for its own folder. */
  readonly folder: string;
  readonly name: string;
}

/** The roots that a `_CoqProject` tells. */
export function rootsOf(text: string): Root[] {
  const found: string[] = [];
  for (const [word] of text.matchAll(ARGUMENT)) {
    if (!word.startsWith("#")) found.push(word.replace(/["']/g, ""));
  }
  const roots: Root[] = [];
  found.forEach((word, at) => {
    const folder = found[at + 1];
    const name = found[at + 2];
    if ((word === "-Q" || word === "-R") && folder !== undefined && name !== undefined) {
      roots.push({ folder: normal(folder), name });
    }
  });
  return roots;
}

function normal(folder: string): string {
  const parts: string[] = [];
  for (const part of folder.replace(/\\/g, "/").split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}

/**
 * The logical name of a file; empty where it has none.
 *
 * @param file the file's path relative to the `_CoqProject`, with `/`.
 */
export function logicalName(file: string, roots: readonly Root[]): string {
  if (!file.endsWith(".v")) return "";
  const path = file.slice(0, -".v".length);
  const fitting = roots.filter(({ folder }) => folder === "" || path.startsWith(`${folder}/`));
  // The nearest folder, and of two names for it the last one, as Coq does.
  const root = fitting.reduce<Root | undefined>(
    (best, one) => (best && best.folder.length > one.folder.length ? best : one),
    undefined,
  );
  const rest = root ? path.slice(root.folder === "" ? 0 : root.folder.length + 1) : (path.split("/").at(-1) ?? "");
  const parts = [...(root?.name ?? "").split("."), ...rest.split("/")].filter(Boolean);
  return parts.every((part) => IDENTIFIER.test(part)) ? parts.join(".") : "";
}
