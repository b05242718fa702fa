/// <reference lib="webworker" />
/** The shell, kept for when there is no signal. Data is not its business: that is in the app's own store. */
import { copyResponse } from 'workbox-core/copyResponse.js';
import { addPlugins, cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';

declare const self: ServiceWorkerGlobalScope;
/** Written by scripts/build_frontend.mjs. */
declare const __SHELL__: { url: string; revision: string | null }[];

cleanupOutdatedCaches();
addPlugins([
  {
    // The server says of every page that it varies by language and cookie; this one does not, and kept with that said it
    // would be found only by a request with the same headers, which a navigation is not.
    cacheWillUpdate: async ({ response }) => {
      if (response.status !== 200) return null;
      return copyResponse(response, ({ headers, ...rest }) => {
        const kept = new Headers(headers);
        kept.delete('Vary');
        return { ...rest, headers: kept };
      });
    },
  },
]);
precacheAndRoute(__SHELL__);
registerRoute(new NavigationRoute(createHandlerBoundToURL('/field/'), { allowlist: [/^\/field\/(\?|$)/] }));

// Large and rare (reading QR codes where the browser cannot): kept once it was used.
registerRoute(
  ({ url }) => url.pathname.startsWith('/static/field/assets/') && url.pathname.endsWith('.wasm'),
  async ({ request }) => {
    const rare = await caches.open('linli-rare');
    const kept = await rare.match(request);
    if (kept) return kept;
    const fetched = await fetch(request);
    if (fetched.ok) await rare.put(request, fetched.clone());
    return fetched;
  },
);

// A new version waits until the page says that nothing is in hand (worker.ts).
self.addEventListener('message', (event) => {
  if ((event.data as { type?: string } | null)?.type === 'take-over') void self.skipWaiting();
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
