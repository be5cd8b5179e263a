import type { Attack } from '../play/attack.ts'
import { askAsUser, refresh, signInAlice } from './requests.ts'

const ANDROID =
  'Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36'

/** Refresh tokens that were copied. */
export const theft: readonly Attack[] = [
  {
    name: 'stolen-refresh-cookie',
    title: 'A copied refresh cookie',
    story:
      'Mallory copies Alice’s refresh cookie from a backup, and refreshes before she does. Alice is refused, signs in again, and thinks nothing of it.',
    hole: 'A token that was exchanged already is refused, and that is all. The thief has the successor.',
    defence:
      'A replaced token that comes back was stolen: the session and its access tokens end on every process, and `refresh.reused` tells you.',
    guide: 'rotation.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      scene.pass({ minutes: 20 })
      const mallory = await refresh(scene, 'Mallory refreshes with the copied cookie', alice.cookie)
      await askAsUser(scene, 'Mallory uses the new access token', mallory.accessToken)
      scene.pass({ minutes: 5 })
      await refresh(scene, 'Five minutes later, Alice refreshes with her own cookie', alice.cookie)
      const next = await refresh(scene, 'Mallory refreshes again', mallory.cookie)
      await askAsUser(scene, 'Mallory uses the access token from before', mallory.accessToken)
      return next.status === 200
    },
  },
  {
    name: 'patient-thief',
    title: 'A thief who waits for the grace',
    story:
      'Servers keep a replaced token good for some seconds, so that two tabs can race. Mallory has a copy of Alice’s cookie, and always comes within those seconds.',
    hole: 'In the grace anybody gets a new pair of tokens, and from there on two sessions live side by side.',
    defence:
      'Alice’s client sends an `Idempotency-Key` with each refresh, as `@sallyport/client` does. Its session has no grace for whoever comes without: theft is found at once, and the session ends.',
    guide: 'rotation.md',
    async play(scene) {
      const alice = await signInAlice(scene, { 'idempotency-key': crypto.randomUUID() })
      scene.pass({ minutes: 14 })
      const key = { 'idempotency-key': crypto.randomUUID() }
      await refresh(scene, 'Alice refreshes', alice.cookie, key)
      scene.pass({ seconds: 3 })
      const says = 'Three seconds later, Mallory sends the cookie that she has just replaced'
      const mallory = await refresh(scene, says, alice.cookie)
      scene.pass({ days: 7 })
      const later = await refresh(scene, 'A week later, Mallory refreshes again', mallory.cookie)
      return later.status === 200
    },
  },
  {
    name: 'other-device',
    title: 'A laptop’s cookie on a phone',
    story: 'Malware takes the cookie from Alice’s laptop. Mallory puts it into a phone.',
    hole: 'Whoever has the cookie is Alice, wherever it comes from.',
    defence:
      'A refresh from another browser family, system or class of device ends the session (`refresh.mismatched`). Newer versions of the same browser are fine.',
    guide: 'devices.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      scene.pass({ hours: 1 })
      const says = 'Mallory refreshes on a phone'
      const mallory = await refresh(scene, says, alice.cookie, { 'user-agent': ANDROID })
      return mallory.status === 200
    },
  },
  {
    name: 'token-in-local-storage',
    title: 'A script that reads localStorage',
    story:
      'The page keeps what the sign-in answers in localStorage. A script that came with an advertisement reads it, and sends it to Mallory.',
    hole: 'The refresh token is in the body of the answer, where any script of the page can have it.',
    defence:
      'The refresh token is in an HttpOnly cookie only. A script can act while the page is open, but takes away nothing that outlives the access token.',
    guide: 'browser.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      scene.pass({ days: 1 })
      const stolen = alice.bodyToken
      const mallory = await scene.send('A day later, Mallory refreshes with what the script could read', {
        ...{ method: 'POST', path: '/auth/refresh' },
        ...(stolen === '' ? {} : { body: { refresh_token: stolen } }),
      })
      const says = 'Mallory uses the access token that came of it, or else the one that the script read'
      const token = mallory.accessToken === '' ? alice.accessToken : mallory.accessToken
      return (await askAsUser(scene, says, token)).status === 200
    },
  },
  {
    name: 'stolen-dump',
    title: 'A backup of the store',
    story:
      'Last night’s backup of the store lies where anybody can download it. Mallory looks for Alice’s session, and sends what she finds.',
    hole: 'The store has the refresh tokens themselves. Whoever can read it is everybody.',
    defence:
      'No token is stored. To make one of a session’s id takes keys that are derived from `secret`, which is not in the store.',
    guide: 'rotation.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      const dump = await scene.send('Mallory downloads the backup', { path: '/ops/dump' })
      const [, found = ''] = /"(?:token|id)":"([^"]+)"/.exec(dump.text) ?? []
      const name = alice.cookie.slice(0, alice.cookie.indexOf('='))
      const says = 'Mallory puts what stands for Alice’s session into a cookie, and refreshes'
      const mallory = await refresh(scene, says, `${name}=${found}`)
      const token = mallory.accessToken === '' ? found : mallory.accessToken
      const asks = 'Mallory uses the access token that came of it, or else what she found'
      return (await askAsUser(scene, asks, token)).status === 200
    },
  },
]
