import type { State } from "../tree";
import { STATES } from "../words";

export type Shown = State;

/** A state's sign: each has a shape of its own. Its word stands beside it, or is read where `named`. */
export function Mark({ state, named = false }: { state: State; named?: boolean }) {
  return (
    <svg
      class={`sign ${state}`}
      viewBox="0 0 16 16"
      {...(named ? { role: "img", "aria-label": STATES[state] } : { "aria-hidden": true })}
    >
      {SHAPES[state]}
    </svg>
  );
}

const SHAPES = {
  open: <circle cx="8" cy="8" r="5.2" />,
  working: (
    <>
      <circle cx="8" cy="8" r="5.2" class="faint" />
      <path class="turning" d="M8 2.8a5.2 5.2 0 0 1 5.2 5.2" />
      <circle class="dot" cx="8" cy="8" r="1.6" />
    </>
  ),
  closed: (
    <>
      <circle class="full" cx="8" cy="8" r="6" />
      <path class="tick" d="M5.2 8.3l2 2 3.6-4.2" />
    </>
  ),
  partly: (
    <>
      <circle cx="8" cy="8" r="5.2" />
      <path class="full" d="M8 2.8a5.2 5.2 0 0 0 0 10.4z" />
    </>
  ),
  failed: <path d="M4 4l8 8M12 4l-8 8" />,
  backtracked: <path d="M6.2 3.2L3.2 6.2l3 3M3.4 6.2h5.4a3.6 3.6 0 0 1 0 7.2H6" />,
};
