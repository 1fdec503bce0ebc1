// Icons drawn by us: 20 px grid, 1.6 px strokes, current colour. They are decoration; the control that carries one has the name.
import type { ReactElement } from 'react';

const paths = {
  day: <><rect x="3" y="4" width="14" height="13" rx="2" /><path d="M3 8h14M7 2.5V5M13 2.5V5M6.5 11.5h3M6.5 14h6" /></>,
  visits: <><path d="M10 17.5s5.5-5 5.5-9.2A5.4 5.4 0 0 0 10 2.8a5.4 5.4 0 0 0-5.5 5.5c0 4.2 5.5 9.2 5.5 9.2Z" /><circle cx="10" cy="8.3" r="2" /></>,
  accounts: <><path d="M3 17V6.5L10 3l7 3.5V17M2 17h16M8 17v-4h4v4M7 9.2h.01M10 9.2h.01M13 9.2h.01" /></>,
  settings: <><path d="M3 6h7M14 6h3M3 14h3M10 14h7" /><circle cx="12" cy="6" r="2" /><circle cx="8" cy="14" r="2" /></>,
  phone: <><rect x="5.5" y="2" width="9" height="16" rx="2" /><path d="M9 15.5h2" /></>,
  call: <path d="M6.6 3 8.4 7 6.6 8.4a9.5 9.5 0 0 0 5 5l1.4-1.8 4 1.8c0 2.4-1.3 3.6-2.8 3.6C8.6 17 3 11.4 3 5.8 3 4.3 4.2 3 6.6 3Z" />,
  left: <path d="m12 4.5-5.5 5.5 5.5 5.5" />,
  right: <path d="M8 4.5 13.5 10 8 15.5" />,
  down: <path d="m5 7.5 5 5 5-5" />,
  plus: <path d="M10 4v12M4 10h12" />,
  minus: <path d="M4 10h12" />,
  close: <path d="m5 5 10 10M15 5 5 15" />,
  search: <><circle cx="9" cy="9" r="5.2" /><path d="m13 13 4 4" /></>,
  pin: <path d="M7.5 3h5l-.6 5 2.6 2.500v1.500h-9v-1.500L8.1 8 7.5 3ZM10 12v5" />,
  promise: <><circle cx="10" cy="10" r="7" /><path d="m7 10.2 2.2 2.200L13.2 8" /></>,
  priority: <path d="M10 15V5M5.5 9.5 10 5l4.5 4.5" />,
  more: <><circle cx="4.5" cy="10" r=".9" /><circle cx="10" cy="10" r=".9" /><circle cx="15.5" cy="10" r=".9" /></>,
  fit: <path d="M3 7.500V3h4.500M17 7.500V3h-4.500M3 12.500V17h4.500M17 12.500V17h-4.5" />,
  locate: <><circle cx="10" cy="10" r="4.5" /><path d="M10 2v3M10 15v3M2 10h3M15 10h3" /></>,
  check: <path d="m4 10.5 4 4 8-9" />,
  undo: <path d="M7 4 3.5 7.5 7 11M4 7.500h7.500a4.5 4.5 0 1 1 0 9H8" />,
  clock: <><circle cx="10" cy="10" r="7" /><path d="M10 6v4.200l2.8 1.8" /></>,
  road: <path d="M5 17 8 3M15 17 12 3M10 4v2M10 9v2M10 14v2" />,
  warn: <path d="M10 3 18 16.500H2L10 3ZM10 8.500v3.500M10 14.300h.01" />,
  moon: <path d="M16.5 11.800A7 7 0 0 1 8.2 3.500a7 7 0 1 0 8.3 8.300Z" />,
  sun: <><circle cx="10" cy="10" r="3.4" /><path d="M10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.300l1.4 1.400M14.3 14.300l1.4 1.400M4.3 15.700l1.4-1.400M14.3 5.700l1.4-1.4" /></>,
  system: <><rect x="3" y="4" width="14" height="10" rx="1.5" /><path d="M7.5 17h5M10 14v3" /></>,
  logout: <path d="M8 3.500H4.500v13H8M8.5 10H17M13.5 6.5 17 10l-3.5 3.5" />,
  list: <path d="M7 5.500h10M7 10h10M7 14.500h10M3.5 5.500h.01M3.5 10h.01M3.5 14.500h.01" />,
  map: <path d="m3 5 4.5-2 5 2L17 3v12l-4.5 2-5-2L3 17V5ZM7.5 3v12M12.5 5v12" />,
  navigate: <path d="m10 2.5 6 14.5-6-3.500L4 17l6-14.500Z" />,
  note: <path d="M4 3.500h12v9.500L12.5 17H4V3.500ZM12.5 17v-4H16M7 7.500h6M7 10.500h3.5" />,
  key: <><circle cx="7" cy="13" r="3.5" /><path d="m9.5 10.5 7-7M14 6l2 2M12 8l1.5 1.5" /></>,
  person: <><circle cx="10" cy="6.5" r="3.2" /><path d="M3.5 17c.6-3.4 3.2-5.2 6.5-5.200s5.9 1.8 6.5 5.2" /></>,
  stop: <rect x="5.5" y="5.5" width="9" height="9" rx="1.5" />,
  bolt: <path d="M11 2.5 4.5 11.500H9l-.5 6L15.5 8.500H11l0-6Z" />,
  cloudOff: <path d="M3 3l14 14M8 5.300A5 5 0 0 1 14.7 9 3.7 3.7 0 0 1 17 14.600M13.5 16H6a4 4 0 0 1-.6-7.9" />,
  home: <path d="M3 9.5 10 3.500l7 6M5 8.500V16.500h10V8.5" />,
  eye: <><path d="M2 10c2-3.7 4.7-5.5 8-5.500s6 1.8 8 5.500c-2 3.7-4.7 5.5-8 5.500S4 13.7 2 10Z" /><circle cx="10" cy="10" r="2.4" /></>,
  rows: <path d="M3 5h14M3 10h14M3 15h14" />,
  camera: <><rect x="2.500" y="5.500" width="15" height="11" rx="2" /><path d="M7 5.500 8.200 3.500h3.600L13 5.500" /><circle cx="10" cy="11" r="3" /></>,
  bell: <path d="M5 14V9a5 5 0 0 1 10 0v5l1.500 1.500h-13L5 14ZM8.5 17.500h3" />,
  deal: <><path d="M3 16.500h14" /><path d="M4.500 13.500v-3M8.200 13.500V7M11.900 13.500V9M15.500 13.500V4" /></>,
  lead: <><circle cx="10" cy="10" r="7" /><circle cx="10" cy="10" r="3" /><path d="M10 10h.01" /></>,
  case: <><path d="M4 5.500h12v8H10L6.500 17v-3.500H4v-8Z" /><path d="M7 9.500h6" /></>,
  asset: <><rect x="5" y="3" width="10" height="14" rx="1.500" /><circle cx="10" cy="8" r="2" /><path d="M8 13.500h4" /></>,
  coffee: <path d="M4 7h10v5a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4V7ZM14 8.500h1.200a2 2 0 0 1 0 4.500H14M7 2.500v2M11 2.500v2" />,
  lasso: <path d="M5.500 13.500C3.800 12.700 3 11.300 3 9.600 3 6.200 6.200 3.500 10.200 3.500S17 5.800 17 9s-3 5.500-7 5.500c-1.500 0-3-.3-4.200-.8M5.800 13.700a1.600 1.600 0 1 0 .4 2.900c.8.6.5 1.300-.3 1.900" />,
  polygon: <><path d="M4 15 6 5l8.500-1.500L17 11l-6 5.500L4 15Z" /></>,
  circle: <><circle cx="10" cy="10" r="6.800" /><path d="M10 10h6.500" /></>,
  invert: <><rect x="3" y="3" width="14" height="14" rx="2" /><circle cx="10" cy="10" r="3.500" /><path d="M3.500 8 8 3.500M3.500 14 6.800 10.700M12 16.500l4.500-4.500M12.500 6.500l3-3" /></>,
} satisfies Record<string, ReactElement>;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return <svg className="icon" width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">{paths[name]}</svg>;
}

/** The mark of the product: streams that run together. */
export function Mark({ size = 28 }: { size?: number }) {
  return <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="var(--accent)" />
    <path d="M16 26V17M16 17C16 12 9 13 9 7M16 17c0-5 7-4 7-10M16 19c0-3-8-2-10-6M16 19c0-3 8-2 10-6" fill="none" stroke="var(--on-accent)" strokeWidth="2.2" strokeLinecap="round" />
  </svg>;
}
