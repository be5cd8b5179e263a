import type { Attack } from '../play/attack.ts'
import { askAsAdmin, askAsUser, refresh, signInAlice } from './requests.ts'

/** Sessions that go on after their end. */
export const ended: readonly Attack[] = [
  {
    name: 'revoked-but-accepted',
    title: 'Signed out, and still in',
    story:
      'Alice used a computer in a library, and signed out. Mallory finds her access token in its memory.',
    hole: 'Signing out clears the cookie. The access token is good until it expires.',
    defence:
      'A sign-out ends the session and its access tokens: on this process at once, on all others within a second.',
    guide: 'endings.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      const { accessToken: bearer, cookie } = alice
      await askAsUser(scene, 'Alice uses her access token', bearer)
      await scene.send('Alice signs out', { method: 'POST', path: '/auth/logout', bearer, cookie })
      return (await askAsUser(scene, 'Mallory sends her access token', bearer)).status === 200
    },
  },
  {
    name: 'refresh-after-logout',
    title: 'A cookie that was cleared, and kept',
    story: 'Alice signed out, and her browser dropped its cookie. Mallory had copied it before.',
    hole: 'Only the browser forgets. The server still has the refresh token in its store.',
    defence: 'Signing out ends the session in the store. Its refresh token is refused from then on.',
    guide: 'endings.md',
    async play(scene) {
      const { cookie } = await signInAlice(scene)
      await scene.send('Alice signs out', { method: 'POST', path: '/auth/logout', cookie })
      scene.pass({ hours: 8 })
      const mallory = await refresh(scene, 'Eight hours later, Mallory refreshes with the copy', cookie)
      return mallory.status === 200
    },
  },
  {
    name: 'password-changed',
    title: 'A new password, and the thief stays',
    story:
      'Alice sees that somebody else is in her account, and changes her password. Mallory has her refresh cookie.',
    hole: 'The password is asked for at the sign-in alone, and the session lives on without it.',
    defence:
      '`sessions.revokeOthers` ends all other sessions and all access tokens, and gives Alice a new cookie.',
    guide: 'sessions.md',
    async play(scene) {
      const { accessToken: bearer, cookie } = await signInAlice(scene)
      await scene.send('Alice changes her password', {
        ...{ method: 'POST', path: '/api/password', bearer, cookie },
        body: { password: 'never used before' },
      })
      scene.pass({ minutes: 5 })
      const mallory = await refresh(scene, 'Five minutes later, Mallory refreshes with her copy', cookie)
      const says = 'Mallory uses the access token that came of it, or else the one from before'
      const token = mallory.accessToken === '' ? bearer : mallory.accessToken
      return (await askAsUser(scene, says, token)).status === 200
    },
  },
  {
    name: 'rights-withdrawn',
    title: 'An administrator who no longer is one',
    story:
      'Root leaves the team, and the role is taken away. The token still says "admin", and so does what the next one is made of.',
    hole: 'The role was written down at the sign-in, in the token and in the store, and is never looked at again.',
    defence:
      '`sessions.update` changes the scope of all sessions of a user, and refuses the access tokens that have the old one. Nobody is signed out.',
    guide: 'sessions.md',
    async play(scene) {
      const body = { username: 'root', password: 'long and never guessed' }
      const root = await scene.send('Root signs in', { method: 'POST', path: '/auth/login', body })
      await askAsAdmin(scene, 'Root is an administrator', root.accessToken)
      await scene.send('The team takes the role away', {
        ...{ method: 'POST', path: '/ops/demote', body: { username: 'root' } },
      })
      await askAsAdmin(scene, 'Root sends the access token from before', root.accessToken)
      const next = await refresh(scene, 'Root refreshes', root.cookie)
      const { status } = await askAsAdmin(scene, 'Root sends the new access token', next.accessToken)
      return status === 200
    },
  },
]
