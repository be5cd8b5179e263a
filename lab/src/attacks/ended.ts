import type { Attack } from '../play/attack.ts'
import { askAsUser, refresh, signInAlice } from './requests.ts'

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
]
