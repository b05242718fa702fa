// One place for a field that takes its code: picked on a map or from the list beneath it; the code may be typed as before.
// <details data-choose="id of the field" data-address="where what stands under a place is asked for">
(() => {
  const inputOf = (box) => document.getElementById(box.dataset.choose);
  const boxOf = (element) => element instanceof Element && element.closest('[data-choose]');

  function show(box) {
    const code = inputOf(box).value.trim();
    box.querySelectorAll('[data-choose-take]').forEach((button) => button.setAttribute('aria-pressed', String(button.value === code)));
    const section = box.querySelector('[data-map]');
    const map = section && window.linliMaps.of(section);
    if (map) map.pick(code ? [code] : []);
  }

  function say(box, code, name) {
    const words = box.querySelector('[data-choose-words]');
    const text = box.querySelector('[data-choose-told]').dataset.words;
    words.textContent = code ? text.replace('{name}', name).replace('{code}', code) : '';
    const inside = box.querySelector('[data-choose-inside]');
    inside.hidden = !code;
    inside.value = code;
  }

  function take(box, code, name) {
    inputOf(box).value = code;
    inputOf(box).classList.remove('is-invalid');
    say(box, code, name);
    show(box);
  }

  function open(box, query) {
    box.dataset.opened = '';
    return window.htmx.ajax('GET', `${box.dataset.address}?${new URLSearchParams(query)}`, { target: box.querySelector('[data-choose-body]'), swap: 'innerHTML' });
  }

  document.addEventListener('toggle', (event) => {
    const box = event.target;
    if (box.matches('[data-choose]') && box.open && !('opened' in box.dataset)) open(box, { held: inputOf(box).value.trim() });
  }, true); // it does not bubble
  document.addEventListener('click', (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    const taken = event.target.closest('[data-choose-take]');
    const opened = event.target.closest('[data-choose-open]');
    if (taken) take(box, taken.value, taken.dataset.name);
    // The button that was pressed is gone with its list: whoever uses the keyboard goes on at the top of the new one.
    if (opened) open(box, { under: opened.value }).then(() => box.querySelector('[data-choose-here]').focus());
  });
  document.addEventListener('change', (event) => {
    const box = boxOf(event.target);
    if (!box || !event.target.matches('[data-choose-level]')) return;
    event.stopPropagation(); // no change of the form around it, which may send itself
    window.linliMaps.of(box.querySelector('[data-map]')).reload(event.target.value);
  }, true);
  document.addEventListener('input', (event) => {
    document.querySelectorAll('[data-choose]').forEach((box) => {
      if (inputOf(box) !== event.target) return;
      say(box, '', '');
      show(box);
    });
  });
  document.addEventListener('linli:click', (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    event.preventDefault();
    take(box, event.detail.code, event.detail.name);
  });
  document.addEventListener('linli:map', (event) => { if (boxOf(event.target)) show(boxOf(event.target)); });
  document.addEventListener('htmx:afterSettle', (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    box.querySelectorAll('[data-map]').forEach(window.linliMaps.begin);
    show(box);
  });
})();
