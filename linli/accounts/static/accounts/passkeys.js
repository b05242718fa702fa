// Passkeys: asks the site for a challenge, the device for an answer, and sends that with the form.
//   <form data-passkey="get|create" data-options="URL" data-failed="WORDS"> with a hidden input `credential`
(() => {
  if (!window.PublicKeyCredential || !navigator.credentials) {
    for (const part of document.querySelectorAll('[data-passkey-missing]')) part.hidden = false;
    return;
  }
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

  async function ask(form) {
    const token = form.querySelector('[name=csrfmiddlewaretoken]').value;
    const answer = await fetch(form.dataset.options, { method: 'POST', headers: { 'X-CSRFToken': token }, credentials: 'same-origin', redirect: 'error' });
    if (!answer.ok) throw new Error('options');
    const options = await answer.json();
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const name of ['excludeCredentials', 'allowCredentials']) {
      for (const known of options[name] || []) known.id = bytes(known.id);
    }
    return options;
  }

  function pack(made) {
    const response = {};
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (made.response[name]) response[name] = text(made.response[name]);
    }
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response, clientExtensionResults: {} });
  }

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const failed = form.querySelector('[data-passkey-error]');
      const button = form.querySelector('button[type=submit]');
      failed.hidden = true;
      button.disabled = true;
      try {
        const publicKey = await ask(form);
        const made = form.dataset.passkey === 'create' ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
        form.querySelector('[name=credential]').value = pack(made);
        form.submit();
      } catch (error) {
        failed.textContent = form.dataset.failed;
        failed.hidden = false;
        button.disabled = false;
      }
    });
  }
})();
