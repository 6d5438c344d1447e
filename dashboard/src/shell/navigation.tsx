// The navigation on the left; on narrow screens a button opens it.
import { useEffect, useState } from "react";
import { Icon } from "../components/icons";
import { Link, usePath } from "../router";
import { ROUTES } from "../routes";

export function Navigation() {
  const path = usePath();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    if (!open) return;
    const close = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [open]);
  return (
    <nav className={open ? "navigation open" : "navigation"} aria-label="Pages">
      <div className="brand">
        <Logo />
        <span>Trackstore</span>
        <button
          type="button"
          className="icon-button narrow-only"
          aria-expanded={open}
          aria-controls="pages"
          aria-label={open ? "Close navigation" : "Open navigation"}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "close" : "menu"} />
        </button>
      </div>
      <ul id="pages">
        {ROUTES.map(({ path: to, title, icon }) =>
          title && icon ? (
            <li key={to}>
              <Link to={to} aria-current={isUnder(path, to) ? "page" : undefined}>
                <Icon name={icon} />
                {title}
              </Link>
            </li>
          ) : null,
        )}
        <li className="apart">
          <a href="/graphql">
            <Icon name="external" />
            GraphQL
          </a>
        </li>
      </ul>
    </nav>
  );
}

function isUnder(path: string, stem: string): boolean {
  return path === stem || (stem !== "/" && path.startsWith(`${stem}/`));
}

export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true" className="logo">
      <rect width="32" height="32" rx="7" />
      <path d="M7 10h11M7 16h18M7 22h7" />
    </svg>
  );
}
