// The drawings of the four levels.

/** Outlines on a 32 × 32 grid. */
export const outlines = {
  octagon: 'M9.4 1.5h13.2l7.9 7.9v13.2l-7.9 7.9H9.4l-7.9-7.9V9.4z',
  triangle: 'M16 2.2L31 29.4H1z',
  diamond: 'M16 .9L31.1 16 16 31.1.9 16z',
  circle: 'M16 1.5a14.5 14.5 0 1 0 0 29 14.5 14.5 0 0 0 0-29z',
  hollow: 'M16 .9L31.1 16 16 31.1.9 16z',
};

/** Ⅰ to Ⅳ as strokes: no font has to have them. The triangle is widest below. */
export const numerals: Readonly<Record<string, string>> = {
  octagon: 'M16 9.5v13M13 9.5h6M13 22.5h6',
  triangle: 'M13.2 15v10M18.8 15v10M10.6 15h10.8M10.6 25h10.8',
  diamond: 'M11.4 10.8v10.4M16 10.8v10.4M20.6 10.8v10.4M8.8 10.8h14.4M8.8 21.2h14.4',
  circle: 'M9.6 10.4v11.2M13 10.4l4.6 11.2 4.6-11.2',
  hollow: '',
};
