// Live parts: <div data-live hx-get="..." hx-trigger="every 5s" hx-swap="innerHTML">. The server answers 304 while nothing changed; then
// only the clock in the top bar moves. When the server is away, the bar says since when.
(() => {
  const AS_OF = 'X-Linli-As-Of';
  const etags = new Map();
  const isLive = (element) => element instanceof Element && element.hasAttribute('data-live');

  const bar = () => document.getElementById('ln-live');
  const part = (name) => bar()?.querySelector(`[data-live-${name}]`);
  let contact = null;

  function showFresh(clock) {
    if (!bar()) return;
    if (clock) {
      contact = clock;
      part('clock').textContent = clock;
    }
    bar().dataset.state = 'live';
    part('fresh').hidden = false;
    part('word').hidden = false;
    part('lost').hidden = true;
  }

  // Nothing on this page is live any more: the clock stands, and says so.
  function showStill() {
    if (!bar() || document.querySelector('[data-live]')) return;
    bar().dataset.state = 'still';
    part('word').hidden = true;
  }

  function showLost() {
    if (!bar() || bar().dataset.state === 'lost') return;
    bar().dataset.state = 'lost';
    part('since').textContent = (contact || part('clock').textContent).slice(0, 5);
    part('fresh').hidden = true;
    part('lost').hidden = false;
  }

  document.addEventListener('DOMContentLoaded', () => {
    if (document.querySelector('[data-live]')) showFresh(null);
  });
  document.addEventListener('htmx:configRequest', (event) => {
    const { elt, headers, path } = event.detail;
    if (!isLive(elt)) return;
    const known = etags.get(elt.id + path);
    if (known) headers['If-None-Match'] = known;
    headers['X-Linli-Live'] = '1';
  });
  document.addEventListener('htmx:afterRequest', (event) => {
    const { xhr, requestConfig } = event.detail;
    // A part that replaced itself is no longer in the page: the event then comes from what stood around it.
    const elt = requestConfig?.elt;
    if (!isLive(elt) || !xhr) return;
    if (xhr.status === 200 || xhr.status === 304) {
      const etag = xhr.getResponseHeader('ETag');
      if (etag) etags.set(elt.id + requestConfig.path, etag);
      showFresh(xhr.getResponseHeader(AS_OF));
      showStill();
    } else if (xhr.status === 0 || xhr.status >= 500) {
      showLost();
    }
  });
  // Typing in a live part, or reading a table opened in it, must not be cut off by its own refresh.
  document.addEventListener('htmx:beforeRequest', (event) => {
    const { elt } = event.detail;
    if (!isLive(elt)) return;
    const focus = document.activeElement;
    const busy = (elt.contains(focus) && focus.matches('input, select, textarea')) || elt.querySelector('details[open]');
    if (document.hidden || busy) event.preventDefault();
  });
  document.addEventListener('htmx:afterSettle', showStill);
  document.addEventListener('htmx:sendError', (event) => { if (isLive(event.detail.elt)) showLost(); });
  document.addEventListener('htmx:timeout', (event) => { if (isLive(event.detail.elt)) showLost(); });
})();
