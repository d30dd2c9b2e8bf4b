// The charts of a page as one picture for a report: above them what they are, below them the
// span, the zone and the signs.

/** A line of words in a picture, with the sign of the stream it is about. */
export interface Caption {
  text: string;
  sign?: { letter: string; dash: readonly number[]; colour: string };
}

export interface PictureParts {
  title: string;
  subtitle: string;
  captions: readonly Caption[];
  /** Over each chart, by number: its unit. */
  charts: readonly { canvas: HTMLCanvasElement; over: string }[];
  foot: readonly string[];
}

interface Style {
  family: string;
  text: string;
  muted: string;
  ground: string;
}

/** Draws everything onto one canvas, in the resolution in which the charts were drawn. */
export function compose(p: PictureParts, scale: number, style: Style): HTMLCanvasElement {
  const [edge, line] = [24, 22];
  const width = Math.max(480, ...p.charts.map((c) => c.canvas.width / scale)) + 2 * edge;
  const canvas = document.createElement('canvas');
  const ctx = canvas.getContext('2d')!;
  const small = `14px ${style.family}`;
  ctx.font = small;
  const foot = p.foot.flatMap((f) => wrap(ctx, f, width - 2 * edge));
  const captions = p.captions.flatMap((c) => wrap(ctx, c.text, width - 2 * edge - (c.sign ? 64 : 0)).map((text, i): Caption => (i === 0 && c.sign ? { text, sign: c.sign } : { text })));
  const charts = p.charts.reduce((h, c) => h + c.canvas.height / scale + line, 0);
  const height = 2 * edge + 30 + line + captions.length * line + charts + 12 + foot.length * line;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  ctx.scale(scale, scale);
  ctx.fillStyle = style.ground;
  ctx.fillRect(0, 0, width, height);
  ctx.textBaseline = 'top';
  let y = edge;
  const say = (text: string, font: string, colour: string, x = edge) => {
    ctx.font = font;
    ctx.fillStyle = colour;
    ctx.fillText(text, x, y);
  };
  say(p.title, `600 20px ${style.family}`, style.text);
  y += 30;
  say(p.subtitle, small, style.muted);
  y += line;
  const signed = captions.some((c) => c.sign);
  for (const c of captions) {
    if (c.sign) drawSign(ctx, c.sign, edge, y + 8, style.family);
    say(c.text, small, style.text, edge + (signed ? 64 : 0));
    y += line;
  }
  for (const c of p.charts) {
    say(c.over, small, style.muted);
    y += line;
    ctx.drawImage(c.canvas, edge, y, c.canvas.width / scale, c.canvas.height / scale);
    y += c.canvas.height / scale;
  }
  y += 12;
  for (const f of foot) {
    say(f, small, style.muted);
    y += line;
  }
  return canvas;
}

function drawSign(ctx: CanvasRenderingContext2D, s: NonNullable<Caption['sign']>, x: number, y: number, family: string): void {
  ctx.save();
  ctx.font = `600 14px ${family}`;
  ctx.textBaseline = 'middle';
  ctx.fillStyle = s.colour;
  ctx.fillText(s.letter, x, y);
  ctx.strokeStyle = s.colour;
  ctx.lineWidth = 2;
  ctx.setLineDash([...s.dash]);
  ctx.beginPath();
  ctx.moveTo(x + 18, y);
  ctx.lineTo(x + 56, y);
  ctx.stroke();
  ctx.restore();
}

/** Breaks a text into lines that fit; Chinese breaks between any two signs. */
function wrap(ctx: CanvasRenderingContext2D, text: string, width: number): string[] {
  const out: string[] = [];
  let line = '';
  for (const piece of text.match(/\p{Script=Han}|[^\s\p{Script=Han}]+\s*|\s+/gu) ?? []) {
    if (line && ctx.measureText(line + piece).width > width) {
      out.push(line.trimEnd());
      line = '';
    }
    line += piece;
  }
  if (line) out.push(line.trimEnd());
  return out;
}

/** Has the browser save a picture under a name. */
export async function savePicture(canvas: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) throw new Error('the picture is too large');
  const url = URL.createObjectURL(blob);
  saveLink(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Has the browser save what an address gives. */
export function saveLink(url: string, name = ''): void {
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  document.body.append(a);
  a.click();
  a.remove();
}
