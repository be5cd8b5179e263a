import type { Received, Scene } from '../play/attack.ts'

/** What the stories have in common: who asks for what. */
export function signInAlice(scene: Scene, headers: Readonly<Record<string, string>> = {}): Promise<Received> {
  const body = { username: 'alice', password: 'sunshine7' }
  return scene.send('Alice signs in', { method: 'POST', path: '/auth/login', headers, body })
}

export function signInMallory(scene: Scene): Promise<Received> {
  const body = { username: 'mallory', password: 'all of yours' }
  return scene.send('Mallory signs in, as herself', { method: 'POST', path: '/auth/login', body })
}

export async function readKeys(scene: Scene): Promise<string> {
  const path = '/.well-known/jwks.json'
  return (await scene.send('Mallory reads the public keys', { path })).text
}

export const refresh = (
  scene: Scene,
  says: string,
  cookie: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Received> => scene.send(says, { method: 'POST', path: '/auth/refresh', cookie, headers })

export const askAsUser = (scene: Scene, says: string, bearer: string): Promise<Received> =>
  scene.send(says, { path: '/api/me', bearer })

export const askAsAdmin = (scene: Scene, says: string, bearer: string): Promise<Received> =>
  scene.send(says, { path: '/api/admin', bearer })
