/** Dark or light: the system's choice, or one's own, which is kept. */

export type Theme = "auto" | "light" | "dark";

const KEY = "palmetto-theme";

export function theme(): Theme {
  const found = document.documentElement.dataset["theme"];
  return found === "light" || found === "dark" ? found : "auto";
}

export function setTheme(wanted: Theme): void {
  if (wanted === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = wanted;
  try {
    if (wanted === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, wanted);
  } catch {
    // Nothing is kept in private windows; the choice holds until the page is closed.
  }
}

export function restoreTheme(): void {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === "light" || kept === "dark") setTheme(kept);
  } catch {
    // The system's choice holds.
  }
}
