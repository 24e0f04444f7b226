import { useEffect, useRef, useState } from "preact/hooks";
import type { Node, Proof } from "../tree";
import { STATES } from "../words";
import { Mark } from "./Mark";

/** So many goals are drawn; a tree with more says so. */
const MOST = 400;

interface Row {
  node: Node;
  level: number;
  place: number;
  of: number;
}

/** A proof as a tree of goals, each with the tactic that stands on it. */
export function TreeView({ proof, chosen, choose }: { proof: Proof; chosen: Node; choose: (node: Node) => void }) {
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const place = useRef<HTMLUListElement>(null);
  const focusing = useRef(false);
  const rows = visible(proof, folded);
  const shown = rows.slice(0, MOST);
  const at = rows.findIndex((row) => row.node === chosen);
  useEffect(() => {
    if (!focusing.current) return;
    focusing.current = false;
    const item = place.current?.querySelector("[aria-selected=true] > .row");
    (item?.parentElement as HTMLElement | null)?.focus();
  });
  const fold = (node: Node, closed: boolean): void => {
    const next = new Set(folded);
    if (closed) next.add(node.id);
    else next.delete(node.id);
    setFolded(next);
  };
  const go = (row: Row | undefined): void => {
    if (row === undefined) return;
    focusing.current = true;
    choose(row.node);
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = rows[at] ?? rows[0];
    if (now === undefined) return;
    const { node } = now;
    const shut = folded.has(node.id);
    switch (event.key) {
      case "ArrowDown":
        go(shown[at + 1]);
        break;
      case "ArrowUp":
        go(shown[at - 1]);
        break;
      case "Home":
        go(shown[0]);
        break;
      case "End":
        go(shown.at(-1));
        break;
      case "ArrowRight":
        if (node.children.length === 0) break;
        if (shut) fold(node, false);
        else go(shown[at + 1]);
        break;
      case "ArrowLeft":
        if (node.children.length > 0 && !shut) fold(node, true);
        else if (node.parent !== null) go(rows.find((row) => row.node === node.parent));
        break;
      case "Enter":
      case " ":
        if (node.children.length > 0) fold(node, !shut);
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  return (
    <div class="tree">
      {/* One level of elements: each says its own level, so that no depth is too deep. */}
      <ul ref={place} role="tree" aria-label="Goals of the proof" onKeyDown={pressed}>
        {shown.map((row) => (
          <Item
            key={row.node.id}
            row={row}
            chosen={row.node === chosen}
            focusable={row.node === chosen || (at < 0 && row.level === 1)}
            shut={folded.has(row.node.id)}
            choose={choose}
            fold={fold}
          />
        ))}
      </ul>
      {rows.length > MOST ? <p class="quiet">{rows.length - MOST} more goals are not drawn: fold some away.</p> : null}
    </div>
  );
}

function Item({
  row,
  chosen,
  focusable,
  shut,
  choose,
  fold,
}: {
  row: Row;
  chosen: boolean;
  focusable: boolean;
  shut: boolean;
  choose: (node: Node) => void;
  fold: (node: Node, closed: boolean) => void;
}) {
  const { node, level } = row;
  const state = node.state;
  const inside = node.children.length > 0;
  const text = node.tactic ?? node.goal?.conclusion ?? "goal";
  return (
    <li
      role="treeitem"
      aria-level={level}
      aria-posinset={row.place}
      aria-setsize={row.of}
      aria-selected={chosen}
      aria-expanded={inside ? !shut : undefined}
      aria-label={`${short(text, 200)}, ${STATES[state]}${node.failures > 0 ? `, ${node.failures} failed` : ""}`}
      tabIndex={focusable ? 0 : -1}
      class={`goal ${state}`}
      onClick={() => choose(node)}
    >
      <div class="row" style={{ "--level": Math.min(level - 1, 24) }}>
        <span
          class={inside ? (shut ? "twist shut" : "twist") : "twist none"}
          aria-hidden="true"
          onClick={(event) => {
            if (!inside) return;
            event.stopPropagation();
            fold(node, !shut);
          }}
        />
        <Mark state={state} />
        <span class={node.tactic === null ? "text conclusion" : "text"}>{short(text, 400)}</span>
        <span class="aside">
          {node.failures > 0 ? <span class="tries">{node.failures}✕</span> : null}
          {node.repairs > 0 ? <span class="mended">repaired</span> : null}
          {state === "closed" || state === "partly" ? null : <span class="state">{STATES[state]}</span>}
        </span>
      </div>
    </li>
  );
}

/** The goals that are not folded away, from the top. */
function visible(proof: Proof, folded: ReadonlySet<number>): Row[] {
  const found: Row[] = [];
  const walk = (node: Node, level: number, place: number, of: number): void => {
    found.push({ node, level, place, of });
    if (folded.has(node.id)) return;
    node.children.forEach((child, at) => walk(child, level + 1, at + 1, node.children.length));
  };
  walk(proof.root, 1, 1, 1);
  return found;
}

function short(text: string, most: number): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > most ? `${line.slice(0, most)} …` : line;
}
