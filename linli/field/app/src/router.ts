/** Pages behind the hash: the address that the server sees is always /field/. What is rare is loaded when it is used. */
import { createRouter, createWebHashHistory } from 'vue-router';
import Home from './pages/Home.vue';
import DoorPage from './pages/DoorPage.vue';
import OutboxPage from './pages/OutboxPage.vue';
import Returns from './pages/Returns.vue';
import SearchPage from './pages/SearchPage.vue';
import SpecialPage from './pages/SpecialPage.vue';
import UnitPage from './pages/UnitPage.vue';

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', name: 'home', component: Home },
    { path: '/unit/:id', name: 'unit', component: UnitPage, props: true },
    { path: '/door/:key', name: 'door', component: DoorPage, props: (to) => ({ doorKey: Number(to.params.key) }) },
    { path: '/returns', name: 'returns', component: Returns },
    { path: '/search', name: 'search', component: SearchPage },
    { path: '/special', name: 'special', component: SpecialPage, props: (to) => ({ door: Number(to.query.door) || undefined }) },
    { path: '/outbox', name: 'outbox', component: OutboxPage },
    { path: '/scan', name: 'scan', component: () => import('./pages/ScanPage.vue') },
    {
      // What is printed on doors: any camera opens it, see work/codes.ts.
      path: '/:letter(d|u|h|p)/:id',
      name: 'code',
      component: () => import('./pages/ScanPage.vue'),
      props: (to) => ({ code: `${location.origin}/field/#${to.path}` }),
    },
    { path: '/handover', name: 'handover', component: () => import('./pages/HandOver.vue') },
    { path: '/settings', name: 'settings', component: () => import('./pages/Settings.vue') },
    {
      path: '/register/:key',
      name: 'register',
      component: () => import('./pages/Register.vue'),
      props: (to) => ({ doorKey: Number(to.params.key), household: (to.query.household as string | undefined) ?? '' }),
    },
    { path: '/:rest(.*)', redirect: '/' },
  ],
  // The same page with another door in hand stays where it is.
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
});
