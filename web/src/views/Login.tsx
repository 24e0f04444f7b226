import { useEffect, useRef, useState } from "preact/hooks";
import { bench } from "../bench";

export function Login() {
  const [token, setToken] = useState("");
  const [wrong, setWrong] = useState("");
  const [asking, setAsking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = async (): Promise<void> => {
    if (token === "" || asking) return;
    setAsking(true);
    const why = await bench.signIn(token.trim());
    setAsking(false);
    setWrong(why);
    if (why !== "") field.current?.select();
  };
  return (
    <main id="main" class="lone" tabIndex={-1} aria-label="Sign in">
      <form
        class="login"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>A token is needed</h1>
        <p class="quiet">The one who runs this prover has it: it is what PALMETTO_PROVER_TOKEN was set to.</p>
        <label for="token">Token</label>
        <input
          ref={field}
          id="token"
          type="password"
          autocomplete="current-password"
          value={token}
          aria-invalid={wrong !== ""}
          aria-describedby="token-wrong"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p id="token-wrong" class="wrong" role="alert">
          {wrong}
        </p>
        <button type="submit" class="button primary" aria-disabled={token === "" || asking}>
          {asking ? "Asking …" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
