// Keys of the gap list and of a door's panel: j k move from door to door, d a r mark. After a mark the next door is chosen.
(() => {
  const list = () => document.querySelector('[data-gaps]');
  const homes = () => [...document.querySelectorAll('[data-gaps] tbody[data-home]')];
  let chosen = null;
  let marked = null;

  function choose(home) {
    homes().forEach((one) => one.classList.toggle('is-chosen', one === home));
    chosen = home ? home.id : null;
    if (!home) return;
    home.focus({ preventScroll: true });
    home.scrollIntoView({ block: 'nearest' });
  }

  function step(by) {
    const all = homes();
    const at = all.findIndex((one) => one.id === chosen);
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by];
    if (next) choose(next);
  }

  function press(key) {
    const home = list() ? document.getElementById(chosen || '') : document.querySelector('#door [data-home]');
    // What was pressed last is taken back wherever one stands now: the list has moved on to the next door by itself.
    const from = key !== 'u' ? home : list() ? document.getElementById(marked || '') : document.getElementById('door');
    const button = from && from.querySelector(`[data-act="${key}"]`);
    if (button) button.click();
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input, select, textarea')) return;
    if (list() && (event.key === 'j' || event.key === 'k')) {
      event.preventDefault();
      step(event.key === 'j' ? 1 : -1);
    } else if (['d', 'a', 'r', 'u'].includes(event.key)) {
      press(event.key);
    }
  });
  document.addEventListener('focusin', (event) => {
    const home = event.target.closest && event.target.closest('[data-gaps] tbody[data-home]');
    if (home && home.id !== chosen) {
      homes().forEach((one) => one.classList.toggle('is-chosen', one === home));
      chosen = home.id;
    }
  });
  // The block that was marked has come back: on to the next door when nobody is left open behind this one.
  document.addEventListener('htmx:afterSettle', (event) => {
    const home = event.target;
    if (!home.matches || !home.matches('tbody[data-marked]')) return;
    if (home.querySelector('[data-act="u"]')) marked = home.id;
    if (home.hasAttribute('data-undone')) choose(home);
    if (home.id !== chosen || home.hasAttribute('data-undone')) return;
    if (home.classList.contains('is-closed')) step(1);
    else choose(home);
  });
  document.addEventListener('htmx:afterSwap', (event) => {
    const detail = event.detail;
    if (detail.target && detail.target.id === 'door' && detail.requestConfig && detail.requestConfig.verb === 'get') {
      const ring = document.querySelector('#stairs a.ln-door[aria-current]');
      if (ring && window.matchMedia('(max-width: 61.9375em)').matches) ring.scrollIntoView({ block: 'start' });
    }
  });
  // In the picture the chosen door is ringed; the panel can be shut on a narrow screen, where it lies over the picture.
  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-shut]')) {
      const panel = document.querySelector('[data-door]');
      if (panel) panel.replaceChildren();
    }
    const door = event.target.closest('#stairs a.ln-door');
    if (!door) return;
    document.querySelectorAll('#stairs a.ln-door[aria-current]').forEach((one) => one.removeAttribute('aria-current'));
    door.setAttribute('aria-current', 'true');
  });
  let ringed = null;
  document.addEventListener('htmx:beforeSwap', (event) => {
    if (event.detail.target && event.detail.target.id === 'stairs') {
      const door = document.querySelector('#stairs a.ln-door[aria-current]');
      ringed = door ? door.getAttribute('href') : null;
    }
  });
  document.addEventListener('htmx:afterSettle', (event) => {
    if (!ringed || !event.detail.target || event.detail.target.id !== 'stairs') return;
    const door = [...document.querySelectorAll('#stairs a.ln-door')].find((one) => one.getAttribute('href') === ringed);
    if (door) door.setAttribute('aria-current', 'true');
  });
})();
