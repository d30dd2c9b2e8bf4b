// What comes from elsewhere, read so that a person sees all of it. Svelte makes text of every
// text; but characters that turn the writing around make one text look like another, also
// what stands beside it, and control characters are not seen at all. They are written out,
// as the audit log writes them: \u202e.

/** Controls but tab and line breaks, and what changes the direction of writing. */
const unseen = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** The same as JSON may have it; more may fit, and is looked at then. */
const suspect = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\\[bf]|\\u(?:00[01789]|06|20)/i;

/** A text in which nothing is hidden. */
export function legible(s: string): string {
  return s.replace(unseen, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Reads JSON from elsewhere; all of its texts are legible. */
export function read(json: string): unknown {
  // Almost no answer has any of them, and looking at each text takes time.
  if (!suspect.test(json)) return JSON.parse(json);
  return JSON.parse(json, (_, v: unknown) => (typeof v === 'string' ? legible(v) : v));
}
