// What is drawn or picked on the map goes into what the form asks for: the list of pieces to tick, or a text of codes.
(() => {
  const pieces = document.querySelector('[data-draw-pieces]');
  const codes = document.querySelector('[data-draw-codes]');

  // A compound of which only a part is here has no box of its own: then all that is listed under it is meant.
  function boxesOf(code) {
    const line = [...pieces.querySelectorAll('li[data-code]')].find((one) => one.dataset.code === code);
    if (!line) return [];
    const own = line.querySelector(':scope > label > input[name="piece"]');
    return own ? [own] : [...line.querySelectorAll('li > label > input[name="piece"]')].filter((box) => !box.closest('.ln-units') || !box.closest('.ln-units').parentElement.querySelector(':scope > label'));
  }

  const lines = () => codes.value.split(/[\s,;，；、]+/).filter(Boolean);
  const has = (code) => (pieces ? boxesOf(code).some((box) => box.checked) : lines().includes(code));

  function set(code, wanted) {
    if (pieces) {
      for (const box of boxesOf(code)) {
        box.checked = wanted;
        for (let fold = box.closest('details'); wanted && fold; fold = fold.parentElement.closest('details')) fold.open = true;
      }
      return;
    }
    const rest = lines().filter((one) => one !== code);
    codes.value = (wanted ? [...rest, code] : rest).join('\n');
  }

  function tell() {
    const chosen = pieces ? [...pieces.querySelectorAll('li[data-code]')].map((one) => one.dataset.code).filter(has) : lines();
    document.dispatchEvent(new CustomEvent('linli:chosen', { detail: chosen }));
  }

  if (!pieces && !codes) return;
  document.addEventListener('linli:choose', (event) => {
    set(event.detail.code, !has(event.detail.code));
    tell();
  });
  document.addEventListener('linli:draw-ready', tell);
  (pieces || codes).addEventListener('change', tell);
  document.addEventListener('click', (event) => {
    if (!event.target.closest('[data-take-drawn]')) return;
    document.querySelectorAll('[data-drawn]:checked').forEach((box) => set(box.value, true));
    tell();
  });
})();
