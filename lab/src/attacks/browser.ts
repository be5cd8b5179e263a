import type { Attack } from '../play/attack.ts'
import { askAsUser, refresh, signInAlice, signInMallory } from './requests.ts'

/** What other sites and whoever reads logs can do. */
export const browser: readonly Attack[] = [
  {
    name: 'cross-site-refresh',
    title: 'A refresh from another site',
    story:
      'Alice visits Mallory’s page. Its script calls the refresh route, and the browser adds her cookie by itself.',
    hole: 'The cookie goes along from every site, nobody asks where the request comes from, and CORS lets each origin read the answer.',
    defence:
      'The cookie is `SameSite=Strict`, so browsers leave it out. If one did not, `Sec-Fetch-Site` and `Origin` decide, and only listed origins get CORS headers.',
    guide: 'cookie.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      const says = 'Mallory’s page refreshes with Alice’s cookie'
      const origin = 'https://mallory.example'
      const headers = { origin, 'sec-fetch-site': 'cross-site' }
      const answer = await refresh(scene, says, alice.cookie, headers)
      return alice.goesCrossSite && answer.accessToken !== '' && answer.readableBy === origin
    },
  },
  {
    name: 'token-in-url',
    title: 'A token in the address',
    story:
      'A link to a download has the access token in its query. The proxy writes each address to its log, and Mallory reads the log.',
    hole: 'The server takes tokens from the query, so clients put them there.',
    defence: 'A token in a query string or a body is never read, so no client gets into the habit.',
    guide: 'downloads.md',
    async play(scene) {
      const alice = await signInAlice(scene)
      await askAsUser(scene, 'In the header, the token is accepted', alice.accessToken)
      const says = 'Mallory opens the address that was in the log'
      const { status } = await scene.send(says, { path: `/api/me?access_token=${alice.accessToken}` })
      return status === 200
    },
  },
  {
    name: 'session-fixation',
    title: 'A cookie that was there before',
    story:
      'Mallory has an account of her own, and a way to set cookies in Alice’s browser, such as a forgotten subdomain. She plants her refresh cookie there, and waits until Alice signs in.',
    hole: 'Signing in keeps the session that the browser has already. It is Mallory’s, and she knows its token.',
    defence:
      'Each sign-in opens a session with a token that nobody has seen, whatever cookie comes with it. The prefix `__Host-` keeps other hosts from planting one.',
    guide: 'cookie.md',
    async play(scene) {
      const { cookie } = await signInMallory(scene)
      await signInAlice(scene, { cookie })
      const mallory = await refresh(scene, 'Mallory refreshes with the cookie that she planted', cookie)
      const says = 'Mallory asks who she is now'
      return (await askAsUser(scene, says, mallory.accessToken)).text.includes('alice')
    },
  },
]
