// The frame of every page: session, navigation, top bar, and the page of the current path.
import { Component, type ReactNode, Suspense, useEffect } from "react";
import { ViewerDocument } from "./api/generated";
import { loadSession, session } from "./api/session";
import { useQuery } from "./api/use-query";
import { EmptyState, ErrorState, Loading } from "./components/surfaces";
import { Link, usePath } from "./router";
import { findRoute } from "./routes";
import { Navigation } from "./shell/navigation";
import { SignIn } from "./shell/sign-in";
import { TopBar } from "./shell/top-bar";
import { useStore } from "./state/store";
import { ViewerContext } from "./state/viewer";

const RETRY_MS = 2_000;

export function App() {
  const state = useStore(session);
  useEffect(() => {
    if (state !== "unreachable") return;
    const timer = setInterval(() => void loadSession(), RETRY_MS);
    return () => clearInterval(timer);
  }, [state]);
  if (state === "unknown") return <div className="center" aria-busy="true" />;
  if (state === "unreachable") {
    return (
      <main className="center">
        <EmptyState title="The server is unreachable">Retrying every two seconds.</EmptyState>
      </main>
    );
  }
  return state === "signed-out" ? <SignIn /> : <SignedIn />;
}

function SignedIn() {
  const { data, problem, refresh } = useQuery(ViewerDocument, {});
  if (!data) {
    return (
      <main className="center">
        {problem ? <ErrorState problem={problem} retry={refresh} /> : <Loading />}
      </main>
    );
  }
  return (
    <ViewerContext value={data.viewer}>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <div className="frame">
        <Navigation />
        <div className="body">
          <TopBar />
          <main id="content" tabIndex={-1}>
            <CurrentPage />
          </main>
        </div>
      </div>
    </ViewerContext>
  );
}

function CurrentPage() {
  const path = usePath();
  const match = findRoute(path);
  if (!match) {
    return (
      <EmptyState title="Page not found">
        <Link to="/">Go to the overview</Link>
      </EmptyState>
    );
  }
  const { page: Page } = match.route;
  return (
    <ErrorBoundary key={path}>
      <Suspense fallback={<Loading lines={8} />}>
        <Page parameter={match.parameter} />
      </Suspense>
    </ErrorBoundary>
  );
}

/** Contain an error to one page and offer a reload: after an upgrade, file names have changed. */
class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <EmptyState title="This page could not be displayed">
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </EmptyState>
    );
  }
}
