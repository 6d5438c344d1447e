// Signs in with an API key, which is sent to the server once and not stored.
import { type FormEvent, useEffect, useId, useState } from "react";
import { signIn } from "../api/session";
import { Command } from "../components/surfaces";
import { Logo } from "./navigation";

export function SignIn() {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const inputId = useId();
  useEffect(() => {
    document.title = "Sign in · Trackstore";
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const failure = await signIn(key.trim());
    setBusy(false);
    setProblem(failure);
    if (failure === null) setKey("");
  };
  return (
    <main className="center">
      <form className="sign-in card" onSubmit={(event) => void submit(event)}>
        <div className="brand">
          <Logo />
          <h1>Trackstore</h1>
        </div>
        <label htmlFor={inputId}>API key</label>
        <input
          id={inputId}
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          required
          autoFocus
          value={key}
          aria-invalid={problem !== null}
          aria-describedby={problem ? `${inputId}-problem` : undefined}
          onChange={(event) => setKey(event.target.value)}
        />
        {problem ? (
          <p className="problem" role="alert" id={`${inputId}-problem`}>
            {problem}
          </p>
        ) : null}
        <button type="submit" className="primary" disabled={busy || key.trim() === ""}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
        <KeyHelp />
      </form>
    </main>
  );
}

function KeyHelp() {
  return (
    <div className="muted small">
      <p>No key yet? Create one on the server:</p>
      <Command text="trackstore keys create NAME --organization acme --scope read" />
      <p>The key is exchanged for a cookie that scripts cannot read. It is not stored in this page.</p>
    </div>
  );
}
