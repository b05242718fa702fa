// A search box with suggestions (WAI-ARIA combobox, list autocomplete): htmx fetches the options, this moves among them.
(() => {
  for (const combo of document.querySelectorAll('[data-combo]')) {
    const input = combo.querySelector('[role="combobox"]');
    const list = combo.querySelector('[role="listbox"]');
    const options = () => [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];
    let active = -1;

    function mark(index) {
      const all = options();
      active = all.length ? (index + all.length) % all.length : -1;
      all.forEach((option, n) => option.setAttribute('aria-selected', String(n === active)));
      if (active < 0) input.removeAttribute('aria-activedescendant');
      else {
        input.setAttribute('aria-activedescendant', all[active].id);
        all[active].scrollIntoView({ block: 'nearest' });
      }
    }
    function show(open) {
      list.hidden = !open;
      input.setAttribute('aria-expanded', String(open));
      if (!open) {
        active = -1;
        input.removeAttribute('aria-activedescendant');
      }
    }
    list.addEventListener('htmx:afterSwap', () => {
      active = -1;
      input.removeAttribute('aria-activedescendant');
      show(document.activeElement === input && list.children.length > 0 && input.value.trim() !== '');
    });
    input.addEventListener('keydown', (event) => {
      const open = !list.hidden;
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        if (!list.children.length) return;
        event.preventDefault();
        if (!open) show(true);
        if (event.key === 'ArrowDown') mark(active + 1);
        else mark(active < 0 ? -1 : active - 1);
      } else if (event.key === 'Enter' && open && active >= 0) {
        event.preventDefault();
        options()[active].querySelector('a').click();
      } else if (event.key === 'Escape' && open) {
        event.preventDefault(); // the first press closes the list, the next empties the box
        show(false);
      }
    });
    input.addEventListener('blur', () => setTimeout(() => show(false), 150)); // after a click on an option
    input.addEventListener('input', () => { if (!input.value.trim()) show(false); });
  }
})();
