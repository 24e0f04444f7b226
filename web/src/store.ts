import { useEffect, useReducer } from "preact/hooks";

/** Something that changes, often many times between two pictures: those who look are told once for each. */
export class Store {
  readonly #told = new Set<() => void>();
  #asked = false;

  changed(): void {
    if (this.#asked) return;
    this.#asked = true;
    const tell = (): void => {
      this.#asked = false;
      for (const one of this.#told) one();
    };
    // A page that is not looked at gets no pictures, but its title and its live regions go on.
    if (document.hidden) setTimeout(tell, 500);
    else requestAnimationFrame(tell);
  }

  subscribe(tell: () => void): () => void {
    this.#told.add(tell);
    return () => this.#told.delete(tell);
  }
}

/** Draws a component anew when the store has changed. */
export function useStore(store: Store): void {
  const [, again] = useReducer<number, null>((count) => count + 1, 0);
  useEffect(() => store.subscribe(() => again(null)), [store]);
}
