// What takes longer than a moment says so: a line moves along the top, then words stand there; the pressed button takes no second press
// meanwhile. Parts fetched by htmx show the line by themselves (hx-indicator).
(() => {
  const LINE_MS = 300;
  const WORDS_MS = 1000;
  const AGAIN_MS = 30000; // an answer that never came: whoever presses again then means it
  let timers = [];

  function show() {
    clear();
    const line = document.getElementById('ln-wait');
    const words = document.getElementById('ln-wait-words');
    timers = [
      setTimeout(() => line.classList.add('is-on'), LINE_MS),
      setTimeout(() => { words.textContent = words.dataset.words; }, WORDS_MS),
      setTimeout(clear, AGAIN_MS),
    ];
  }
  function clear() {
    timers.forEach(clearTimeout);
    document.getElementById('ln-wait').classList.remove('is-on');
    document.getElementById('ln-wait-words').textContent = '';
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  }

  // A file does not replace the page, so nothing would say when it is there: it is fetched here and handed over whole. What is no file
  // (a question, a refusal) is shown as if the browser had asked.
  async function fetchFile(address, options, instead) {
    show();
    try {
      const answer = await fetch(address, options);
      const told = answer.headers.get('Content-Disposition') || '';
      if (!answer.ok || !told.startsWith('attachment')) return instead();
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await answer.blob());
      link.download = nameOf(told);
      link.dataset.fetched = '';
      document.body.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(link.href), AGAIN_MS);
      return clear();
    } catch {
      return instead(); // no contact: the browser's own page says so
    }
  }
  function nameOf(told) {
    const coded = /filename\*=utf-8''([^;]+)/i.exec(told);
    return coded ? decodeURIComponent(coded[1]) : /filename="?([^";]+)/i.exec(told)?.[1] || '';
  }

  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.hasAttribute('target')) return;
    if ('sent' in form.dataset) {
      event.preventDefault();
      return;
    }
    if ('file' in form.dataset) {
      event.preventDefault();
      fetchFile(form.getAttribute('action') || '', { method: 'POST', body: new FormData(form, event.submitter) }, () => form.submit());
      form.dataset.sent = '';
      return;
    }
    show();
    form.dataset.sent = '';
  });
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (!link || !plain || event.defaultPrevented || link.target || 'fetched' in link.dataset) return;
    const to = new URL(link.href);
    if (to.origin !== window.location.origin) return;
    if (link.hasAttribute('download')) {
      event.preventDefault();
      fetchFile(to.href, {}, () => window.location.assign(to.href));
    } else if (!to.hash || to.pathname + to.search !== window.location.pathname + window.location.search) {
      show();
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') clear(); // the browser stops waiting too
  });
  window.addEventListener('pageshow', clear); // back from another page, as it was left
})();
