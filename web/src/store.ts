import { useEffect, useReducer } from "preact/hooks";

/** A page that is not looked at gets no pictures, but its title and its live regions go on. */
const UNSEEN_MS = 500;

/** Something that changes, often many times between two pictures: those who look are told once for each. */
export class Store {
  /** Counts the changes that were told. */
  version = 0;
  readonly #told = new Set<() => void>();
  #asked = false;

  changed(): void {
    if (this.#asked) return;
    this.#asked = true;
    const tell = (): void => {
      cancelAnimationFrame(picture);
      clearTimeout(timer);
      this.#asked = false;
      this.version += 1;
      for (const one of this.#told) one();
    };
    const picture = requestAnimationFrame(tell);
    const timer = setTimeout(tell, UNSEEN_MS);
  }

  subscribe(tell: () => void): () => void {
    this.#told.add(tell);
    return () => this.#told.delete(tell);
  }
}

/** Draws a component anew when the store has changed. */
export function useStore(store: Store): void {
  const [, again] = useReducer<number, null>((count) => count + 1, 0);
  const drawn = store.version;
  useEffect(() => {
    const leave = store.subscribe(() => again(null));
    // A change between drawing and subscribing has been told to nobody.
    if (store.version !== drawn) again(null);
    return leave;
  }, [store]);
}
