// Light or dark before anything is drawn: as the system has it, unless this browser was told otherwise. Paper is always
// light (print.css).
(() => {
  const KEY = 'linli-theme';
  const ORDER = ['system', 'light', 'dark'];
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  let chosen = 'system';
  try {
    chosen = window.localStorage.getItem(KEY) || chosen;
  } catch (_refused) { /* a browser that keeps nothing follows the system */ }
  if (!ORDER.includes(chosen)) chosen = 'system';

  function apply() {
    const theme = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen;
    document.documentElement.setAttribute('data-bs-theme', theme);
    document.documentElement.style.colorScheme = theme;
    for (const button of document.querySelectorAll('[data-theme-switch]')) {
      button.hidden = false;
      button.querySelector('[data-theme-word]').textContent = button.dataset[chosen];
    }
  }
  apply();
  dark.addEventListener('change', apply);
  document.addEventListener('DOMContentLoaded', apply);
  document.addEventListener('click', (event) => {
    if (!event.target.closest('[data-theme-switch]')) return;
    chosen = ORDER[(ORDER.indexOf(chosen) + 1) % ORDER.length];
    try {
      window.localStorage.setItem(KEY, chosen);
    } catch (_refused) { /* for this page only, then */ }
    apply();
  });
})();
