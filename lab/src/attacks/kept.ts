import type { Attack } from '../play/attack.ts'
import { askAsAdmin, askAsUser, refresh, signInAlice } from './requests.ts'

/** Tokens and keys that are good for longer, or for more, than they should be. */
export const kept: readonly Attack[] = [
  {
    name: 'eternal-token',
    title: 'A token that never ends',
    story:
      'Mallory finds an access token in an old log file. It was issued ten months ago, to a user who has long forgotten it.',
    hole: 'Access tokens live for a year, so that nobody has to sign in again.',
    defence:
      'Access tokens live for 15 minutes by default and 30 at most. The session goes on by its refresh token.',
    guide: 'token-forms.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      scene.pass({ days: 300 })
      return (
        (await askAsUser(scene, '300 days later, Mallory sends her token', alice.accessToken)).status === 200
      )
    },
  },
  {
    name: 'leaked-key',
    title: 'A private key in a repository',
    story:
      'Mallory finds the private key in a public repository, and makes tokens for "root". The team learns of it and reacts.',
    hole: 'A key can only be joined by another one. To drop the old one would sign everybody out, so it stays.',
    defence:
      'Until you know, nobody can tell: the first token works. `keys.compromise` then takes the key out of use on every process, and whoever is signed in stays signed in.',
    guide: 'incidents.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      const stolen = scene.mint({ subject: 'root' })
      await askAsAdmin(scene, 'Mallory signs a token with the leaked key', stolen)
      await scene.send('The team says that the key has leaked', { method: 'POST', path: '/ops/key-leaked' })
      const again = scene.mint({ subject: 'root' })
      const { status } = await askAsAdmin(scene, 'Mallory signs another one', again)
      await refresh(scene, 'Alice is still signed in', alice.cookie)
      return status === 200
    },
  },
  {
    name: 'other-audience',
    title: 'A token for another service',
    story:
      'Several services share one issuer. Mallory runs the newsletter, gets tokens of its users there, and sends one to the API.',
    hole: 'The server checks who issued a token, but not for whom.',
    defence: '`aud` must name this deployment exactly, as `iss` and `typ` must be its own.',
    guide: 'services.md',
    async play(scene) {
      await askAsAdmin(scene, 'A token for the API is accepted', scene.mint({ subject: 'root' }))
      const token = scene.mint({ subject: 'root', audience: 'https://newsletter.example.test' })
      const { status } = await askAsAdmin(scene, 'Mallory sends a token of the newsletter to the API', token)
      return status === 200
    },
  },
  {
    name: 'refresh-as-access',
    title: 'A refresh token at the API',
    story:
      'Both tokens of the naive server are JWTs under the same key. Mallory has copied the one that lives for 30 days, and sends it straight to the API.',
    hole: 'Nothing in the token says what it is for.',
    defence:
      'Access tokens have the type `at+jwt`, which is demanded. Refresh tokens are no JWTs, and open nothing but the next access token.',
    guide: 'token-forms.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      const token = alice.cookie.slice(alice.cookie.indexOf('=') + 1)
      scene.pass({ days: 20 })
      const says = '20 days later, Mallory sends the refresh token as an access token'
      return (await askAsUser(scene, says, token)).status === 200
    },
  },
  {
    name: 'endless-session',
    title: 'A session that never ends',
    story: 'Alice sold her old laptop without signing out. Mallory bought it, and refreshes now and then.',
    hole: 'Each refresh gives another 30 days, so whoever comes once a month stays for ever.',
    defence:
      'A session ends 30 days after the sign-in, however often it is refreshed, and after 7 days without a refresh. The store decides, not the expiry of a cookie.',
    guide: 'endings.md',
    async play(scene) {
      let last = await signInAlice(scene)
      for (const days of [6, 12, 18, 24, 30]) {
        scene.pass({ days: 6 })
        last = await refresh(scene, `${days} days after the sign-in, Mallory refreshes`, last.cookie)
      }
      return last.status === 200
    },
  },
]
