// Line icons on a grid of 16.
const PATHS = {
  overview: "M2 13V8M6 13V3M10 13V6M14 13V10",
  requests: "M2 4h8M2 8h12M2 12h6",
  explore: "M7 2a5 5 0 1 1 0 10A5 5 0 0 1 7 2M11 11l3 3",
  savings: "M8 2v12M11 4.5C10 3.5 5 3 5 5.8S11 8 11 10.6 6 13 5 11.8",
  usage: "M2.5 12A6.5 6.5 0 1 1 13.5 12M8 9l3-4",
  breakers: "M9 1.5 4 9h4l-1 5.5L12 7H8z",
  keys: "M5.5 7a3 3 0 1 1 0 6 3 3 0 0 1 0-6M7.5 7.8 13 2M11 4l2 2",
  about: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8M8 7.2v3.8M8 4.8v.2",
  menu: "M2 4h12M2 8h12M2 12h12",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3 8.5l3.2 3.2L13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  clock: "M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8M8 4.5V8l2.5 1.5",
  play: "M5 3l8 5-8 5z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  stop: "M4 4h8v8H4z",
  skip: "M3 3.5 8.5 8 3 12.5zM12 3.5v9",
  warning: "M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.6v.2",
  search: "M7 2a5 5 0 1 1 0 10A5 5 0 0 1 7 2M11 11l3 3",
  retry: "M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  system: "M2 3h12v8H2zM5.5 14h5M8 11v3",
  leave: "M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  right: "M6 3l5 5-5 5",
  external: "M6 3H3v10h10v-3M9 3h4v4M13 3 7.5 8.5",
} as const;

export type IconName = keyof typeof PATHS;

/** A decorative icon next to a label; hidden from assistive technology. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
