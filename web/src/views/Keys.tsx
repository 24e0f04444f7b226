import type { RefObject } from "preact";

const KEYS: [string[], string][] = [
  [["Ctrl", "Enter"], "Prove"],
  [["Esc"], "Stop"],
  [["/"], "Look for a theorem"],
  [["↑", "↓"], "To the theorem, or the goal, above and below"],
  [["→", "←"], "Unfold and fold a goal; to its first child, to its parent"],
  [["Home", "End"], "To the first and the last one"],
  [["?"], "Show these keys"],
];

export function Keys({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
