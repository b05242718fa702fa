// Forms that send files: ask only what the chosen import needs, take dropped files, show how much has been sent.
(() => {
  const form = document.querySelector('form[data-import]');
  if (!form) return;
  const drops = [...form.querySelectorAll('[data-drop]')];

  function showAsks() {
    const kind = form.querySelector('input[name="kind"]:checked')?.value;
    for (const ask of form.querySelectorAll('[data-ask-for]')) {
      const wanted = ask.dataset.askFor === kind;
      ask.hidden = !wanted;
      for (const input of ask.querySelectorAll('input, select')) input.disabled = !wanted;
    }
  }
  const showName = (drop) => {
    const one = drop.querySelector('input[type="file"]').files[0];
    if (one) drop.querySelector('[data-drop-name]').textContent = `${one.name} (${(one.size / 1048576).toFixed(1)} MB)`;
  };
  form.addEventListener('change', () => { showAsks(); drops.forEach(showName); });
  for (const drop of drops) {
    for (const name of ['dragover', 'dragleave', 'drop']) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle('is-over', name === 'dragover');
        if (name === 'drop' && event.dataTransfer.files.length) {
          drop.querySelector('input[type="file"]').files = event.dataTransfer.files;
          showName(drop);
        }
      });
    }
  }
  // Sent by hand so that a large file shows how far it is; without scripts the form works as it is.
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const sending = form.querySelector('[data-sending]');
    const buttons = [...form.querySelectorAll('button[type="submit"]')];
    const content = new FormData(form); // before the buttons are disabled: one of them may say something
    if (event.submitter?.name) content.append(event.submitter.name, event.submitter.value);
    const request = new XMLHttpRequest();
    sending.hidden = false;
    for (const one of buttons) one.disabled = true;
    request.upload.addEventListener('progress', (step) => {
      if (step.lengthComputable) form.querySelector('[data-sent]').textContent = `${Math.floor((step.loaded / step.total) * 100)}%`;
    });
    request.addEventListener('load', () => {
      if (request.status < 400) {
        window.location.assign(request.responseURL);
        return;
      }
      sending.hidden = true;
      for (const one of buttons) one.disabled = false;
      const page = new DOMParser().parseFromString(request.responseText, 'text/html');
      const problem = page.querySelector('.ln-problem');
      if (problem) {
        const place = document.getElementById('ln-problems');
        document.querySelectorAll('main > .ln-problem').forEach((old) => old.remove());
        place.replaceChildren(document.importNode(problem, true));
        place.firstElementChild.focus();
      } else {
        document.documentElement.innerHTML = request.responseText;
      }
    });
    request.addEventListener('error', () => {
      sending.hidden = true;
      for (const one of buttons) one.disabled = false;
      form.submit(); // the browser's own page says that the server is away
    });
    request.open('POST', form.action || window.location.href);
    request.send(content);
  });
  showAsks();
  drops.forEach(showName);
})();
