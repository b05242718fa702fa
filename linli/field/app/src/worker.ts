/** Registers the service worker, and lets a new version take over only while nothing is in hand. */
import { watch } from 'vue';
import { face } from './face';

const isIdle = (): boolean => face.phase === 'locked' || face.phase === 'sign-in';

export async function registerWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register('/field/sw.js', { scope: '/field/' });
  } catch {
    face.onlineOnly = true; // an in-app browser, a private window: a page like any other
    return;
  }
  const hadOne = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (hadOne && isIdle()) location.reload();
  });
  const offer = (): void => {
    if (registration.waiting && hadOne && isIdle()) registration.waiting.postMessage({ type: 'take-over' });
  };
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', offer);
  });
  watch(() => face.phase, offer, { immediate: true });
}
