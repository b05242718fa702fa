// The page that asks to come again: counts the seconds down, then loads what was wanted - once somebody looks at it - or lets it be sent.
(() => {
  const { again, seconds } = document.body.dataset;
  const end = Date.now() + Number(seconds) * 1000 + Math.random() * 1000; // others were told the same second
  const left = document.querySelector('[data-left]');
  const button = document.querySelector('button[data-now]');
  if (button) button.disabled = true;
  const ticking = setInterval(tick, 500);
  document.addEventListener('visibilitychange', tick);

  function tick() {
    const rest = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    left.textContent = rest;
    if (rest > 0) return;
    if (button) button.disabled = false;
    if (again === 'page' && document.hidden) return;
    clearInterval(ticking);
    document.removeEventListener('visibilitychange', tick);
    if (again === 'page') window.location.reload();
  }
})();
