import { useEffect, useState } from "preact/hooks";
import * as api from "../api";
import type { Experiment } from "../contract";
import { counted } from "../words";

/** Experiments, to be compared: tables, plots, and every theorem with its attempts. */
export function Experiments() {
  const [found, setFound] = useState<Experiment[] | null>(null);
  const [fault, setFault] = useState("");
  // In the order of choice: each is compared with the first.
  const [chosen, setChosen] = useState<string[]>([]);
  useEffect(() => {
    api
      .experiments()
      .then(setFound, (error: unknown) => setFault(error instanceof Error ? error.message : String(error)));
  }, []);
  const toggle = (name: string): void =>
    setChosen(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <main id="main" class="experiments" tabIndex={-1} aria-label="Experiments">
      <h1>Experiments</h1>
      <p class="quiet">
        What <code>palmetto eval</code> has kept. Choose some: each is compared with the first that you choose, with
        tables, plots, and every theorem with its attempts.
      </p>
      {fault === "" ? null : (
        <p class="wrong" role="alert">
          {fault}
        </p>
      )}
      {found === null ? (
        fault === "" ? (
          <p class="quiet">Asking for them …</p>
        ) : null
      ) : found.length === 0 ? (
        <p>
          There is none yet: <code>palmetto eval run</code> makes one.
        </p>
      ) : (
        <>
          <div class="scroll" tabIndex={0} role="region" aria-label="All experiments">
            <table class="plain list">
              <thead>
                <tr>
                  <th scope="col">
                    <span class="away">Compare</span>
                  </th>
                  <th scope="col">Experiment</th>
                  <th scope="col">Proved</th>
                  <th scope="col">Model</th>
                  <th scope="col">Projects</th>
                  <th scope="col">Begun</th>
                </tr>
              </thead>
              <tbody>
                {found.map((one) => (
                  <tr key={one.name} class={chosen.includes(one.name) ? "chosen" : ""}>
                    <td>
                      <input
                        type="checkbox"
                        aria-label={`Compare ${one.name}`}
                        checked={chosen.includes(one.name)}
                        disabled={one.theorems === 0 || (!chosen.includes(one.name) && chosen.length >= 16)}
                        onChange={() => toggle(one.name)}
                      />
                    </td>
                    <th scope="row">
                      {one.theorems === 0 ? one.name : <a href={api.reportAddress([one.name])}>{one.name}</a>}
                      {chosen[0] === one.name && chosen.length > 1 ? <span class="quiet"> first</span> : null}
                    </th>
                    <td>
                      {one.theorems === 0 ? (
                        <span class="quiet">nothing yet</span>
                      ) : (
                        <Share of={one.theorems} proved={one.proved} />
                      )}
                    </td>
                    <td>{one.model}</td>
                    <td>{projects(one.projects)}</td>
                    <td>{day(one.created_at)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p class="act">
            {chosen.length === 0 ? (
              <span class="quiet">None is chosen.</span>
            ) : (
              <a class="button primary" href={api.reportAddress(chosen)}>
                {chosen.length === 1 ? `Open ${chosen[0] ?? ""}` : `Compare ${counted(chosen.length, "experiment")}`}
              </a>
            )}
          </p>
        </>
      )}
    </main>
  );
}

function Share({ proved, of }: { proved: number; of: number }) {
  return (
    <span class="share">
      <span>
        {proved.toLocaleString("en")} of {of.toLocaleString("en")}
      </span>
      {of === 0 ? null : <meter min={0} max={of} value={proved} aria-label={`${Math.round((100 * proved) / of)} %`} />}
    </span>
  );
}

function projects(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more` : names.join(", ");
}

function day(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime())
    ? text
    : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
