// The scope of a new round: what is ticked in the tree or among the hits stands in the list of what is chosen, and is counted.
(() => {
  const chosen = (side) => document.querySelector(`[data-chosen="${side}"]`);
  const lineOf = (side, code) => [...chosen(side).children].find((line) => line.dataset.code === code);

  function put(side, code, name) {
    if (lineOf(side, code)) return;
    const line = document.getElementById('chosen-line').content.firstElementChild.cloneNode(true);
    line.dataset.code = code;
    line.querySelector('input').name = side;
    line.querySelector('input').value = code;
    line.querySelector('span').textContent = name;
    chosen(side).append(line);
  }

  function drop(side, code) {
    const line = lineOf(side, code);
    if (line) line.remove();
  }

  function tell() {
    document.querySelectorAll('[data-pick]').forEach((box) => { box.checked = Boolean(lineOf('include', box.value)); });
    document.querySelector('[data-none="include"]').hidden = chosen('include').children.length > 0;
    showOnMap();
    document.body.dispatchEvent(new CustomEvent('scope'));
  }

  function showOnMap() {
    document.dispatchEvent(new CustomEvent('linli:chosen', { detail: [...chosen('include').children].map((line) => line.dataset.code) }));
  }

  // A place picked on the map.
  document.addEventListener('linli:choose', (event) => {
    const { code, name } = event.detail;
    if (lineOf('include', code)) drop('include', code);
    else {
      put('include', code, name);
      drop('exclude', code);
    }
    tell();
  });
  document.addEventListener('linli:draw-ready', showOnMap);
  // Compounds of a drawn area, as they are ticked.
  function takeDrawn(side, other) {
    document.querySelectorAll('[data-drawn]:checked').forEach((box) => {
      put(side, box.value, box.dataset.name);
      drop(other, box.value);
    });
    tell();
  }

  document.addEventListener('change', (event) => {
    const box = event.target.closest('[data-pick]');
    if (!box) return;
    if (box.checked) {
      put('include', box.value, box.dataset.name);
      drop('exclude', box.value);
    } else drop('include', box.value);
    tell();
  });
  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-take-drawn]')) takeDrawn('include', 'exclude');
    if (event.target.closest('[data-leave-drawn]')) takeDrawn('exclude', 'include');
    const leave = event.target.closest('[data-leave]');
    if (leave) {
      put('exclude', leave.value, leave.dataset.name);
      drop('include', leave.value);
      tell();
    }
    const out = event.target.closest('[data-drop]');
    if (out) {
      out.closest('li').remove();
      tell();
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target.id === 'q') event.preventDefault();
  });
  document.addEventListener('htmx:afterSettle', (event) => {
    if (event.detail.target && event.detail.target.matches('[data-nodes]')) {
      event.detail.target.querySelectorAll('[data-pick]').forEach((box) => { box.checked = Boolean(lineOf('include', box.value)); });
    }
  });
  document.addEventListener('DOMContentLoaded', () => {
    if (chosen('include').children.length) tell();
  });
})();
