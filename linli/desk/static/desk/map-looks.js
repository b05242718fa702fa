// The looks of a map's classes: a colour and a pattern each, drawn once, used for outlines, legend and table alike.
// 0 nothing missing: dots. 1 to 4: hatching that gets closer and darker. 5 nothing to count: blank with a dashed edge.
// 6 a place without figures, where a map only shows what is where.
window.linliLooks = (() => {
  const SIZE = 16;
  const LOOKS = {
    light: [
      { ground: '#d7ebea', ink: '#2b7a78', draw: 'dots' },
      { ground: '#fdf0ea', ink: '#dd8f66', draw: 'wide' },
      { ground: '#f7c7ab', ink: '#b3390b', draw: 'narrow' },
      { ground: '#e39a74', ink: '#8a3410', draw: 'crossed' },
      { ground: '#b3390b', ink: '#e08a62', draw: 'solid' },
      { ground: '#f6f7f5', ink: '#b9c2ca', draw: 'blank' },
      { ground: '#ffffff', ink: '#b9c2ca', draw: 'blank' },
    ],
    dark: [
      { ground: '#1d4344', ink: '#4db5ad', draw: 'dots' },
      { ground: '#37231a', ink: '#a8623f', draw: 'wide' },
      { ground: '#6a3820', ink: '#e39a70', draw: 'narrow' },
      { ground: '#b05a2c', ink: '#2c1206', draw: 'crossed' },
      { ground: '#ff9466', ink: '#7a2d10', draw: 'solid' },
      { ground: '#16202a', ink: '#5b6a78', draw: 'blank' },
      { ground: '#1a2530', ink: '#5b6a78', draw: 'blank' },
    ],
  };
  const isDark = () => document.documentElement.getAttribute('data-bs-theme') === 'dark';
  const looks = () => LOOKS[isDark() ? 'dark' : 'light'];

  function strokes(pen, gap, crossed) {
    for (let from = -SIZE; from <= SIZE * 2; from += gap) {
      pen.moveTo(from, 0);
      pen.lineTo(from + SIZE, SIZE);
      if (!crossed) continue;
      pen.moveTo(from + SIZE, 0);
      pen.lineTo(from, SIZE);
    }
    pen.stroke();
  }

  function paint(look, ratio) {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = SIZE * ratio;
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.fillStyle = look.ground;
    pen.fillRect(0, 0, SIZE, SIZE);
    pen.strokeStyle = pen.fillStyle = look.ink;
    pen.beginPath();
    if (look.draw === 'dots') {
      for (const [x, y] of [[4, 4], [12, 12]]) {
        pen.moveTo(x, y);
        pen.arc(x, y, 1.3, 0, Math.PI * 2);
      }
      pen.fill();
    }
    if (look.draw === 'wide') { pen.lineWidth = 1.2; strokes(pen, 16, false); }
    if (look.draw === 'narrow') { pen.lineWidth = 1.4; strokes(pen, 8, false); }
    if (look.draw === 'crossed') { pen.lineWidth = 1.4; strokes(pen, 8, true); }
    if (look.draw === 'solid') { pen.lineWidth = 1.2; strokes(pen, 16, true); }
    return canvas;
  }

  // Legend and table take the same pictures, as custom properties of the page.
  function dress() {
    looks().forEach((look, number) => document.documentElement.style.setProperty(`--mp-${number}`, `url("${paint(look, 1).toDataURL()}")`));
  }

  function images() {
    return looks().map((look) => {
      const canvas = paint(look, 2);
      return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    });
  }

  // A plate behind a label, so that it is read on any pattern; stretched to its text.
  function plate() {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 24;
    const pen = canvas.getContext('2d');
    pen.fillStyle = token('--ln-card');
    pen.strokeStyle = token('--ln-muted');
    pen.lineWidth = 2;
    pen.beginPath();
    pen.roundRect(1, 1, 22, 22, 7);
    pen.fill();
    pen.stroke();
    return pen.getImageData(0, 0, 24, 24);
  }

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  dress();
  // Light and dark follow the system or the reader's own choice: either way the page's attribute changes.
  function onTheme(act) {
    new MutationObserver(act).observe(document.documentElement, { attributeFilter: ['data-bs-theme'] });
  }
  onTheme(dress);
  return { images, plate, token, onTheme, isDark, count: LOOKS.light.length };
})();
