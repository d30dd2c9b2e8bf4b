// What must hold on every page of the console, each as a question to the page that is open:
// the answer lists what breaks it.

/** Controls smaller than `least` pixels either way. Links in running text are left out, as WCAG 2.5.8 does. */
export function small(page, least, kind = 'button, a, input, select, summary, textarea') {
  return page.evaluate(
    ([min, which]) => {
      const root = document.querySelector('dialog[open]') ?? document.body;
      const bad = [];
      for (const e of root.querySelectorAll(which)) {
        if (e.closest('[hidden], .skip, p, dd, .hidden') || e.matches('.skip, .hidden') || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        // A tick box is as large as its label.
        const box = (e.closest('label') ?? e).getBoundingClientRect();
        if (box.width < min - 0.5 || box.height < min - 0.5) bad.push(`${e.tagName} ${e.textContent.trim().slice(0, 30)} ${box.width}×${box.height}`);
      }
      return bad;
    },
    [least, kind],
  );
}

/** What explains other text and may be smaller in large print: docs/operations-center.md says it. */
const secondary =
  '.small, .count, .unit, .id, .part, .age, time, dt, th, caption, figcaption, svg text, .leaflet-tooltip, .leaflet-container, .on-its-way, .empty, [data-page=wall] footer, .mark b, label > .muted, .note';

/** Text that large print leaves too small or too close. */
export function tooSmall(page) {
  return page.evaluate((less) => {
    const bad = new Set();
    const walker = document.createTreeWalker(document.querySelector('dialog[open]') ?? document.body, NodeFilter.SHOW_TEXT);
    for (let n = walker.nextNode(); n; n = walker.nextNode()) {
      const e = n.parentElement;
      if (!n.data.trim() || e.closest('.hidden, script, style, [hidden], option') || !e.checkVisibility()) continue;
      const css = getComputedStyle(e);
      const px = parseFloat(css.fontSize);
      const said = `${e.tagName.toLowerCase()}.${e.className?.baseVal ?? e.className} “${n.data.trim().slice(0, 30)}”`;
      if (px < (e.closest(less) ? 18.66 : 24) - 0.01) bad.add(`${said} ${px} px`);
      if (parseFloat(css.lineHeight) / px < 1.29 && !e.closest('svg, .leaflet-container')) bad.add(`${said} lines ${css.lineHeight} of ${px} px`);
    }
    return [...bad];
  }, secondary);
}

/** Marks what the Tab key should reach, in the order of the document, and answers how many that are. */
export function expected(page) {
  return page.evaluate(() => {
    const root = document.querySelector('dialog[open]') ?? document.body;
    const groups = new Set();
    let n = 0;
    for (const e of root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')) {
      delete e.dataset.stop;
      if (e.disabled || e.tabIndex < 0 || !e.checkVisibility({ visibilityProperty: true }) || e.closest('[inert], .leaflet-container')) continue;
      // Of radio buttons the Tab key reaches the one that is chosen.
      if (e.type === 'radio') {
        if (groups.has(e.name)) continue;
        groups.add(e.name);
        const one = [...root.querySelectorAll(`input[type=radio][name="${e.name}"]`)].find((r) => r.checked) ?? e;
        one.dataset.stop = n++;
        continue;
      }
      e.dataset.stop = n++;
    }
    document.activeElement?.blur();
    getSelection().removeAllRanges();
    if (root === document.body) {
      document.body.tabIndex = -1;
      document.body.focus({ preventScroll: true });
    }
    return n;
  });
}

/** What has the focus: its place in the order, whether one sees that it has it, and whether the header hides it. */
export function focused(page) {
  return page.evaluate(() => {
    const e = document.activeElement;
    if (!e || e === document.body || e === document.documentElement) return undefined;
    const css = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    const header = document.querySelector('header.screen');
    const sticky = header && getComputedStyle(header).position === 'sticky' && !header.contains(e) && !e.closest('dialog, .skip, [data-page=wall]');
    return {
      stop: e.dataset.stop === undefined ? -1 : Number(e.dataset.stop),
      what: `${e.tagName.toLowerCase()} ${(e.getAttribute('aria-label') ?? e.textContent).trim().slice(0, 40)}`,
      skip: e.matches('.skip'),
      seen: (css.outlineStyle !== 'none' && parseFloat(css.outlineWidth) >= 2) || css.boxShadow !== 'none',
      hidden: !!sticky && !e.matches('.skip') && box.bottom <= header.getBoundingClientRect().bottom,
    };
  });
}

/** The marks of severities on the page, each with its shape and how far its parts differ in grey. */
export function marks(page) {
  return page.evaluate(() => {
    const light = (rgb) => {
      const [r, g, b] = rgb.match(/[\d.]+/g).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    return [...document.querySelectorAll('svg[data-shape]')].map((svg) => {
      const [outline, numeral] = svg.querySelectorAll('path');
      const [fill, edge, sign] = [getComputedStyle(outline).fill, getComputedStyle(outline).stroke, getComputedStyle(numeral ?? outline).stroke];
      let ground = svg;
      while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
      const behind = getComputedStyle(ground ?? document.body).backgroundColor;
      return { shape: svg.dataset.shape, path: outline.getAttribute('d'), edge: Math.max(contrast(fill, behind), contrast(edge, behind)), sign: numeral ? contrast(sign, fill) : 21 };
    });
  });
}
