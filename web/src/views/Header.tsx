import { useState } from "preact/hooks";
import { bench } from "../bench";
import { setTheme, theme, type Theme } from "../theme";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const NAMES: Record<Theme, string> = { auto: "as the system", light: "light", dark: "dark" };

export function Header({ help, locked }: { help: () => void; locked: boolean }) {
  const page = bench.route.page;
  return (
    <header class="top">
      <a class="mark" href="#/prove" aria-label="Palmetto, to the beginning">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <g fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round">
            <path d="M16 29V13M16 13C13 8 8 7 5 9M16 13c3-5 8-6 11-4M16 13c-4-1-8 1-9 5M16 13c4-1 8 1 9 5M16 13V5" />
          </g>
        </svg>
        Palmetto
      </a>
      {locked ? null : (
        <nav aria-label="Pages">
          <a href="#/prove" aria-current={page === "experiments" ? undefined : "page"}>
            Prove
          </a>
          <a href="#/experiments" aria-current={page === "experiments" ? "page" : undefined}>
            Experiments
          </a>
          <a href="docs">HTTP</a>
        </nav>
      )}
      <div class="tools">
        {bench.session?.needed === true && bench.session.authenticated ? (
          <button type="button" class="bare leave" title="Sign out" onClick={() => void bench.signOut()}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path
                d="M9 2.5H3v11h6M6.5 8H14M11.3 5.2 14 8l-2.7 2.8"
                fill="none"
                stroke="currentColor"
                stroke-width="1.5"
              />
            </svg>
            <span>Sign out</span>
          </button>
        ) : null}
        <ThemeButton />
        <button type="button" class="bare round" aria-label="Keys" title="Keys (?)" onClick={help}>
          ?
        </button>
      </div>
    </header>
  );
}

function ThemeButton() {
  const [now, set] = useState(theme());
  const name = `Colours: ${NAMES[now]}`;
  return (
    <button
      type="button"
      class="bare round"
      aria-label={name}
      title={name}
      onClick={() => {
        setTheme(NEXT[now]);
        set(NEXT[now]);
      }}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle
          cx="8"
          cy="8"
          r="6"
          fill={now === "light" ? "none" : "currentColor"}
          stroke="currentColor"
          stroke-width="1.5"
        />
        {now === "auto" ? <path class="half" d="M8 2a6 6 0 0 0 0 12z" /> : null}
      </svg>
    </button>
  );
}
