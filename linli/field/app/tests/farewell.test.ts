import { describe, expect, test } from 'vitest';
import { App, Phone } from './ground';
import { Server } from './server';

async function signedIn(): Promise<{ phone: Phone; server: Server; app: App }> {
  const [phone, server] = [new Phone(), new Server()];
  const app = new App(phone, server);
  await app.signIn();
  return { phone, server, app };
}

describe('a sign-in that is over', () => {
  test.each(['signed-out', 'out-of-contact', 'wrong-pin'] as const)('%s without a signal is told later, once', async (why) => {
    const { server, app } = await signedIn();
    const session = app.keys!.session;
    await app.accounts.end(why);
    server.plan = ['lost'];
    await app.accounts.sendFarewells();
    expect(await app.accounts.farewells()).toBe(1);
    expect(server.sessions.get(session)!.ended).toBe(false);
    await app.accounts.sendFarewells();
    expect(server.sessions.get(session)!.ended).toBe(true);
    expect(await app.accounts.farewells()).toBe(0);
    const asked = server.paths.length;
    await app.accounts.sendFarewells();
    expect(server.paths.length).toBe(asked);
    app.kill();
  });

  test('told by a later start, also after somebody else signed in', async () => {
    const { server, app, phone } = await signedIn();
    const session = app.keys!.session;
    server.plan = ['lost'];
    await app.signOut();
    app.kill();
    const next = new App(phone, server);
    await next.signIn('li');
    await next.accounts.sendFarewells();
    expect(server.sessions.get(session)!.ended).toBe(true);
    expect(server.sessions.get(next.keys!.session)!.ended).toBe(false);
    next.kill();
  });

  test('what is kept of it neither is the token nor opens anything', async () => {
    const { server, app } = await signedIn();
    const { token } = app.keys!;
    server.plan = ['lost'];
    await app.signOut();
    expect(JSON.stringify(await app.db.meta.toArray())).not.toContain(token);
    app.kill();
  });

  test('revoked by the server, it is not told', async () => {
    const { server, app } = await signedIn();
    await app.accounts.end('revoked');
    expect(await app.accounts.farewells()).toBe(0);
    expect(server.paths).not.toContain('POST session/end');
    app.kill();
  });
});
