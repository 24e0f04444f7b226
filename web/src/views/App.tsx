import { useEffect, useRef } from "preact/hooks";
import { bench } from "../bench";
import { useStore } from "../store";
import { sentence } from "../words";
import { Chooser, focusFilter } from "./Chooser";
import { Experiments } from "./Experiments";
import { Header } from "./Header";
import { Keys } from "./Keys";
import { Login } from "./Login";
import { Stage } from "./Stage";

export function App() {
  useStore(bench);
  const keys = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    document.title = bench.title;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (handled(event, keys.current)) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const { session, locked } = bench;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the proof
      </a>
      <Header help={() => keys.current?.showModal()} locked={locked || session === null} />
      <div class="say" role="status" aria-live="polite">
        {bench.spoken}
      </div>
      <Fault />
      {session === null ? (
        <main id="main" class="lone">
          {bench.fault === "" ? <p class="quiet">Opening …</p> : <Retry />}
        </main>
      ) : locked ? (
        <Login />
      ) : bench.route.page === "experiments" ? (
        <Experiments />
      ) : (
        <div class="bench">
          <Chooser />
          <Stage />
        </div>
      )}
      <Keys dialog={keys} />
    </>
  );
}

/** The address's `#` is ours. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  const main = document.getElementById("main");
  main?.focus();
  main?.scrollIntoView();
}

function Fault() {
  return (
    <div class="faults" role="alert">
      {bench.fault === "" ? null : (
        <div class="fault">
          <p>{sentence(bench.fault)}</p>
          <button
            type="button"
            class="bare"
            aria-label="Close this message"
            onClick={() => {
              bench.fault = "";
              bench.changed();
            }}
          >
            ×
          </button>
        </div>
      )}
    </div>
  );
}

function Retry() {
  return (
    <button type="button" class="button" onClick={() => void bench.retry()}>
      Try again
    </button>
  );
}

/** Does what a key is for; whether it was one. */
function handled(event: KeyboardEvent, help: HTMLDialogElement | null): boolean {
  if (help?.open === true || event.defaultPrevented) return false;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    if (bench.locked || bench.route.page === "experiments") return false;
    void bench.prove();
    return true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.key === "Escape") {
    if (!bench.busy) return false;
    void bench.stop();
    return true;
  }
  const { target } = event;
  const typing = target instanceof HTMLElement && target.matches("input, textarea, select");
  if (typing) return false;
  if (event.key === "/") {
    focusFilter();
    return true;
  }
  if (event.key === "?") {
    help?.showModal();
    return true;
  }
  return false;
}
