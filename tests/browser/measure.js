// What tests measure on a page: see looks.py.
window.measure = {
  // Violations of the rules of these tags, or of the named rules alone. target-size is off unless asked for.
  async axe([tags, rules]) {
    const runOnly = rules ? { type: 'rule', values: rules } : { type: 'tag', values: tags };
    const given = { runOnly, resultTypes: ['violations'] };
    if (!rules) given.rules = { 'target-size': { enabled: true } };
    const late = new Promise((_, fail) => setTimeout(() => fail(new Error('axe takes more than half a minute')), 30_000));
    const found = await Promise.race([window.axe.run(document, { ...given, preload: false }), late]);
    const say = (rule, node) => {
      const why = [...node.any, ...node.all, ...node.none].map((one) => one.message).join('; ');
      return `${rule.id}: ${node.target.join(' ')} ${node.html.slice(0, 120)} ${why.slice(0, 200)}`;
    };
    return found.violations.flatMap((rule) => rule.nodes.map((node) => say(rule, node)));
  },

  // Type and targets that are drawn and too small. A link inside of a sentence is as high as its line; of a box and its
  // label the label is pressed; what is off the screen until it gets the focus is not measured.
  large([type, target]) {
    const elsewhere = '.visually-hidden, .ln-skip, svg:not(:has(text)), canvas, .maplibregl-map';
    const drawn = (element) =>
      element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
      !element.closest(elsewhere) &&
      element.getClientRects().length > 0;
    const named = (element) => {
      const words = element.innerText || element.textContent || element.getAttribute('aria-label') || element.name || '';
      return `${element.tagName.toLowerCase()}.${[...element.classList].join('.')} “${words.trim().slice(0, 24)}”`;
    };
    const faults = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const silent = /^(SCRIPT|STYLE|TEMPLATE|OPTION|NOSCRIPT|title)$/.test(element.tagName);
      if (silent || !walker.currentNode.data.trim() || !drawn(element)) continue;
      const scale = element.closest('svg text')?.getScreenCTM().a ?? 1; // of a picture's own units
      const size = parseFloat(getComputedStyle(element).fontSize) * scale;
      if (size < type) faults.add(`type ${size.toFixed(1)}: ${named(element)}`);
    }
    const unboxed = 'input:not([type=hidden], [type=checkbox], [type=radio], [type=file])';
    const boxed = 'label:has(input[type=checkbox], input[type=radio], input[type=file])';
    for (const element of document.querySelectorAll(`a[href], button, select, textarea, summary, ${unboxed}, ${boxed}`)) {
      if (!drawn(element)) continue;
      const flows = element.tagName === 'A' && getComputedStyle(element).display === 'inline';
      const beside = [...element.parentElement.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (flows && beside) continue;
      const box = element.getBoundingClientRect();
      const [width, height] = [Math.round(box.width), Math.round(box.height)];
      if (height < target || width < target) faults.add(`target ${width}x${height}: ${named(element)}`);
    }
    return [...faults];
  },

  // How far the page goes beyond the window, and what sticks out.
  sideways() {
    const wide = document.scrollingElement.scrollWidth - window.innerWidth;
    if (wide <= 0) return [];
    const sticks = (one) => one.getBoundingClientRect().right > window.innerWidth + 1 && one.checkVisibility();
    const out = [...document.querySelectorAll('body *')].filter(sticks).slice(0, 4);
    return [`${wide} px too wide: ` + out.map((one) => `${one.tagName.toLowerCase()}.${one.className}`).join(', ')];
  },
};
