import { useState } from "preact/hooks";
import { bench } from "../bench";

interface NumberField {
  name: "budget_cpu_s" | "samples" | "seed" | "jobs";
  label: string;
  least: number;
  most: number;
  /** What an empty field means. */
  empty: number | null;
  placeholder?: string;
}

const NUMBERS: NumberField[] = [
  { name: "budget_cpu_s", label: "CPU seconds", least: 1, most: 86_400, empty: 60 },
  { name: "jobs", label: "At one time", least: 1, most: 64, empty: 2 },
  { name: "samples", label: "Model’s proofs", least: 0, most: 64, empty: null, placeholder: "as suits it" },
  { name: "seed", label: "Seed", least: 0, most: 2_147_483_647, empty: 0 },
];
const SWITCHES: ["use_model" | "retrieval" | "hammer" | "backtrack", string][] = [
  ["use_model", "Ask the model"],
  ["retrieval", "Retrieve premises"],
  ["hammer", "CoqHammer"],
  ["backtrack", "Backtrack"],
];

export function OptionFields() {
  const { options } = bench;
  const summary = [
    `${options.budget_cpu_s} s of CPU`,
    `${options.jobs} at one time`,
    ...(options.toolchain === "" ? [] : [`with ${options.toolchain}`]),
    ...SWITCHES.filter(([name]) => !options[name]).map(([, label]) => `not: ${label.toLowerCase()}`),
  ].join(", ");
  return (
    <details class="options">
      <summary>
        How <span class="quiet">{summary}</span>
      </summary>
      <div class="grid">
        {NUMBERS.map((field) => (
          <div class="field" key={field.name}>
            <label for={field.name}>{field.label}</label>
            <NumberInput field={field} />
          </div>
        ))}
      </div>
      {bench.toolchains.length > 1 || options.toolchain !== "" ? <ToolchainField /> : null}
      <div class="switches">
        {SWITCHES.map(([name, label]) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={options[name]}
              onChange={(event) => bench.setOptions({ [name]: event.currentTarget.checked })}
            />
            {label}
          </label>
        ))}
      </div>
    </details>
  );
}

/** Which Coq, where there is a choice. */
function ToolchainField() {
  const own = bench.ownToolchain;
  return (
    <div class="field">
      <label for="toolchain">Toolchain</label>
      <select
        id="toolchain"
        value={bench.options.toolchain}
        onChange={(event) => bench.setOptions({ toolchain: event.currentTarget.value })}
      >
        <option value="">as the project needs{own === "" ? "" : ` (${own})`}</option>
        {bench.toolchains.map((one) => (
          <option key={one.name} value={one.name}>
            {one.name}, Coq {one.coq_version}
          </option>
        ))}
      </select>
    </div>
  );
}

/** What is typed counts at once; it is put into its bounds when the field is left. */
function NumberInput({ field }: { field: NumberField }) {
  const [draft, setDraft] = useState<string | null>(null);
  const { name, least, most, placeholder = "" } = field;
  return (
    <input
      id={name}
      type="number"
      inputMode="numeric"
      min={least}
      max={most}
      placeholder={placeholder}
      value={draft ?? bench.options[name] ?? ""}
      onInput={(event) => {
        const { value } = event.currentTarget;
        setDraft(value);
        bench.setOptions({ [name]: number(value, field) });
      }}
      onBlur={() => setDraft(null)}
    />
  );
}

/** A whole number within the field's bounds. */
function number(text: string, field: NumberField): number | null {
  const given = Number.parseInt(text, 10);
  return Number.isNaN(given) ? field.empty : Math.max(field.least, Math.min(field.most, given));
}
