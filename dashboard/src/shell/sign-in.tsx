// Signing in with an API key. The key goes to the server once, and is then forgotten here.
import { type FormEvent, useEffect, useId, useState } from "react";
import { signIn } from "../api/session";
import { Command } from "../components/surfaces";
import { Logo } from "./navigation";

export function SignIn() {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const field = useId();
  useEffect(() => {
    document.title = "Sign in · Trackstore";
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const refused = await signIn(key.trim());
    setBusy(false);
    setProblem(refused);
    if (refused === null) setKey("");
  };
  return (
    <main className="center">
      <form className="sign-in card" onSubmit={(event) => void submit(event)}>
        <div className="brand">
          <Logo />
          <h1>Trackstore</h1>
        </div>
        <label htmlFor={field}>API key</label>
        <input
          id={field}
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          required
          autoFocus
          value={key}
          aria-invalid={problem !== null}
          aria-describedby={problem ? `${field}-problem` : undefined}
          onChange={(event) => setKey(event.target.value)}
        />
        {problem ? (
          <p className="problem" role="alert" id={`${field}-problem`}>
            {problem}
          </p>
        ) : null}
        <button type="submit" className="primary" disabled={busy || key.trim() === ""}>
          {busy ? "Signing in" : "Sign in"}
        </button>
        <WhereKeysComeFrom />
      </form>
    </main>
  );
}

function WhereKeysComeFrom() {
  return (
    <div className="muted small">
      <p>No key yet? Create one on the server:</p>
      <Command text="trackstore keys create NAME --organization acme --scope read" />
      <p>The key is exchanged for a cookie that scripts cannot read. It is not stored in this page.</p>
    </div>
  );
}
