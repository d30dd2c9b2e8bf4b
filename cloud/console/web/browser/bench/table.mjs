// The figures of the speed rig, as a table in Markdown.

/** The value below which this many per cent of a list lie. */
export function p(list, percent) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

const ms = (v) => (v === undefined ? '–' : `${Math.round(v)} ms`);

/** Growth by least squares, MB per million updates. */
export function slope(points) {
  const n = points.length;
  const mx = points.reduce((s, q) => s + q.updates, 0) / n;
  const my = points.reduce((s, q) => s + q.mb, 0) / n;
  const up = points.reduce((s, q) => s + (q.updates - mx) * (q.mb - my), 0);
  const down = points.reduce((s, q) => s + (q.updates - mx) ** 2, 0);
  return down === 0 ? 0 : (up / down) * 1e6;
}

export function table({ n, views, took, late, grown, rate, load }) {
  const all = [...took.values()].flat();
  const row = (...c) => `| ${c.join(' | ')} |`;
  const lines = [
    `${n.gateways * n.devices} devices at ${n.gateways} gateways, ${n.cases} open cases, ${Math.round(rate)} updates/s taken by the broker, load ${load.map((l) => l.toFixed(1)).join(' ')}`,
    '',
    row('what', 'p50', 'p95', 'max', 'of'),
    row('---', '---:', '---:', '---:', '---:'),
  ];
  const add = (name, l) => l.length > 0 && lines.push(row(name, ms(p(l, 50)), ms(p(l, 95)), ms(Math.max(...l)), l.length));
  add('first useful view, cold', views.cold);
  add('first useful view, warm', views.warm);
  add('input to next paint, all', all);
  for (const [kind, l] of took) add(`– ${kind}`, l);
  add('alert at the broker to its row', late);
  if (late.length > 0) lines.push('', `alert at the broker to its row, p99: ${ms(p(late, 99))}`);
  if (grown.length > 0) {
    lines.push('', row('updates', 'heap', 'nodes', 'listeners'), row('---:', '---:', '---:', '---:'));
    for (const g of grown) lines.push(row(g.updates, `${g.mb.toFixed(1)} MB`, g.nodes, g.listeners));
    lines.push('', `growth: ${slope(grown.slice(1)).toFixed(2)} MB per million updates, of the last ten`);
  }
  return lines.join('\n');
}
