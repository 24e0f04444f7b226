import type { FillResult } from "../contract";
import { hunks, type Line } from "../diff";
import { CoqText, Copy } from "./CoqText";

const SIGNS: Record<Line["kind"], string> = { same: " ", old: "−", new: "+" };
const NAMES: Record<Line["kind"], string> = { same: "", old: "taken out: ", new: "put in: " };

/** The text with its gaps filled, and what was changed. */
export function Diff({ text, fill }: { text: string; fill: FillResult }) {
  const found = hunks(
    text,
    fill.theorems.flatMap((one) => one.edits),
  );
  if (found.length === 0) return <p class="quiet">Nothing in the text was changed.</p>;
  return (
    <section class="verdict proved" aria-labelledby="changes">
      <div class="line">
        <h2 id="changes">Changes</h2>
        <Copy text={fill.text} name="Copy the whole text" />
      </div>
      <div class="diff" tabIndex={0} role="region" aria-label="Changes, line by line">
        <table>
          {found.map((hunk, number) => (
            <tbody key={number}>
              {hunk.lines.map((line, at) => (
                <tr key={at} class={line.kind}>
                  <td class="number">{line.old ?? ""}</td>
                  <td class="number">{line.new ?? ""}</td>
                  <td>
                    <span aria-hidden="true">{SIGNS[line.kind]} </span>
                    <span class="away">{NAMES[line.kind]}</span>
                    {line.text}
                  </td>
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
      <details>
        <summary>The whole text</summary>
        <CoqText text={fill.text} label="The text with its gaps filled" />
      </details>
    </section>
  );
}
