// Icons of the canvas, as paths on 20 × 20.

export const REGION_ICONS = {
  cite: "M4 10h9M9.5 6 13.5 10l-4 4M16.5 4v12",
  rename: "M10.5 6.5H3v7h7.5M14 4v12M12 4h4M12 16h4M6 8.8v2.4",
  correct: "M4 16l.7-3.3L13 4.4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.3 15.3 4 16Z",
  only: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 2v2M10 16v2M2 10h2M16 10h2",
  hide: "M3 10s2.5-4.5 7-4.5S17 10 17 10s-2.5 4.5-7 4.5S3 10 3 10ZM4 16 16 4",
  show: "M3 10s2.5-4.5 7-4.5S17 10 17 10s-2.5 4.5-7 4.5S3 10 3 10ZM10 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
  copy: "M7.5 7.5V4.5h8v8h-3M4.5 7.5h8v8h-8Z",
  cut: "M10 3.5v8.5M6.5 8.7 10 12.2l3.5-3.5M4 16.5h12",
  polygon: "M5 15.5 3.5 7 10 3.5l6.5 5-3 7.5Z",
  brush: "M16.5 3.5 9.5 11M9.5 11c-2-1-4 0-4.5 2-.3 1.3-1 2-2 2.5 2.5 1.5 7.2.8 8-2.5Z",
  eraser: "M8 16.5H5.5L3 14l8.5-9 5 4.5-7 7ZM7 9.5l5 4.5",
  choose: "M4 6h7M4 10h5M4 14h5M11 13.5l2.2 2.2L17 11.5",
  paste: "M7 5H5v11.5h10V5h-2M7.5 3.5h5v3h-5Z",
  front: "M8 8h8v8H8ZM4 12V4h8",
  back: "M4 4h8v8H4ZM16 8v8H8",
  closer: "M8.5 3.5a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM12.2 12.2l4.3 4.3M8.5 6.5v4M6.5 8.5h4",
  delete: "M4.5 6h11M8 6V4h4v2M6 6l.7 10.5h6.6L14 6",
};

export const LOOK_ICONS = {
  compare: "M10 3.5v13M4 5.5h3.5M4 14.5h3.5M4 5.5v9M12.5 5.5H16v9h-3.5",
  divider: "M8 6 4 10l4 4M12 6l4 4-4 4",
  only: REGION_ICONS.only,
  film: "M4 4.5h12v11H4ZM7 4.5v11M13 4.5v11M4 8h3M4 12h3M13 8h3M13 12h3",
  keys: "M7.7 7.7a2.4 2.4 0 1 1 3.5 2.1c-.8.4-1.2.9-1.2 1.8v.4M10 14.7v.1",
};

export const FILM_ICONS = {
  first: "M6 5v10M15 5.5 8.5 10l6.5 4.5Z",
  back: "M12.5 5 7 10l5.5 5",
  next: "M7.5 5 13 10l-5.5 5",
  play: "M6.5 4.5 15 10l-8.5 5.5Z",
  pause: "M7 5v10M13 5v10",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
};
