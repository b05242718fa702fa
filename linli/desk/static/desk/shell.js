// What every page does: shows problems that htmx brings back, closes menus, moves in a stairwell with the arrows,
// submits a filter when it changes.
(() => {
  // A refused act answers with a fragment that says what to do. It is shown above the page and not put where the answer was meant to go.
  document.addEventListener('htmx:beforeSwap', (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400) return;
    const place = document.getElementById('ln-problems');
    if (!place || !(xhr.getResponseHeader('Content-Type') || '').startsWith('text/html')) return;
    const page = new DOMParser().parseFromString(xhr.responseText, 'text/html');
    const problem = page.querySelector('.ln-problem');
    if (!problem) return;
    place.replaceChildren(document.importNode(problem, true));
    place.firstElementChild.scrollIntoView({ block: 'nearest' });
    place.firstElementChild.focus({ preventScroll: true });
  });
  // Signed out in the meantime: the answer is the sign-in page, which must not land inside this one.
  document.addEventListener('htmx:beforeOnLoad', (event) => {
    const { xhr } = event.detail;
    const arrived = xhr.responseURL && new URL(xhr.responseURL).pathname;
    if (arrived === '/sign-in/') {
      event.preventDefault();
      window.location.assign('/sign-in/?next=' + encodeURIComponent(window.location.pathname + window.location.search));
    }
  });
  document.addEventListener('click', (event) => {
    for (const menu of document.querySelectorAll('details.ln-menu[open]')) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      for (const menu of document.querySelectorAll('details.ln-menu[open]')) {
        menu.open = false;
        menu.querySelector('summary').focus();
      }
    }
    const door = event.target.closest && event.target.closest('[data-stair] a.ln-door');
    if (door && event.key.startsWith('Arrow')) moveDoor(event, door);
  });
  document.addEventListener('change', (event) => {
    const form = event.target.closest('form[data-submit-on-change]');
    if (form && event.target.matches('select, input[type="date"], input[type="checkbox"], input[type="radio"]')) form.requestSubmit();
  });
  document.addEventListener('click', (event) => {
    if (event.target.closest('[data-print]')) window.print();
  });

  function moveDoor(event, door) {
    const doors = [...door.closest('[data-stair]').querySelectorAll('a.ln-door')];
    const here = door.getBoundingClientRect();
    const index = doors.indexOf(door);
    let next = null;
    if (event.key === 'ArrowLeft') next = doors[index - 1];
    if (event.key === 'ArrowRight') next = doors[index + 1];
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      const sign = event.key === 'ArrowUp' ? -1 : 1;
      const distance = (other) => {
        const box = other.getBoundingClientRect();
        return Math.abs(box.top - here.top) * 10 + Math.abs(box.left - here.left);
      };
      next = doors
        .filter((other) => (other.getBoundingClientRect().top - here.top) * sign > 4)
        .sort((a, b) => distance(a) - distance(b))[0];
    }
    if (next) {
      event.preventDefault();
      next.focus();
    }
  }
})();
