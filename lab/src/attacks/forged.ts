import type { Attack } from '../play/attack.ts'
import { firstKey, underHmac, underOwnKey, unsigned } from './forge.ts'
import { askAsAdmin, readKeys } from './requests.ts'

/** Tokens that somebody makes who has no key. */
export const forged: readonly Attack[] = [
  {
    name: 'alg-none',
    title: 'No signature at all',
    story:
      'A token says by which algorithm it is to be verified. Mallory writes "none" there, "root" into the claims, and leaves the signature out.',
    hole: 'The server passes the algorithm of the header on to its library.',
    defence: 'The algorithm belongs to the key, never to the token, and "none" is not among them.',
    guide: 'algorithms.md',
    async play(scene) {
      const { kid } = firstKey(await readKeys(scene))
      const { status } = await askAsAdmin(scene, 'Mallory sends a token without a signature', unsigned(kid))
      return status === 200
    },
  },
  {
    name: 'public-key-as-secret',
    title: 'The public key as a shared secret',
    story:
      'The public key is public. Mallory uses its bytes as the secret of HS256, and the server, which verifies with the same bytes, agrees.',
    hole: 'The token chooses HMAC, and the server takes the file of the public key for the secret.',
    defence: 'A symmetric algorithm can’t be configured, so no token can choose one.',
    guide: 'algorithms.md',
    async play(scene) {
      const { kid, pem } = firstKey(await readKeys(scene))
      const says = 'Mallory signs with HS256 under the public key'
      return (await askAsAdmin(scene, says, underHmac(kid, pem))).status === 200
    },
  },
  {
    name: 'kid-path',
    title: 'A key identifier that leaves its folder',
    story:
      'The server reads the file that `kid` names. Mallory names one whose content everybody knows, and signs with that.',
    hole: 'A member of a token that nobody has verified becomes a path.',
    defence:
      '`kid` only selects one of the keys that are loaded already. No file, no address and no query is made of it.',
    guide: 'keys.md',
    async play(scene) {
      const { text } = await scene.send('Mallory downloads a file that anybody may read', {
        path: '/robots.txt',
      })
      const says = 'Mallory signs with its content, and names it as the key'
      return (await askAsAdmin(scene, says, underHmac('../public/robots.txt', text))).status === 200
    },
  },
  {
    name: 'own-key-in-header',
    title: 'A token that brings its own key',
    story:
      'The header of a token may hold a public key. Mallory makes a pair of keys, signs with the private one, and sends the public one along.',
    hole: 'The server trusts the key that it finds in the token.',
    defence: '`jwk`, `jku` and `x5u` are never read.',
    guide: 'keys.md',
    async play(scene) {
      const { kid } = firstKey(await readKeys(scene))
      const says = 'Mallory sends a token with the key to verify it'
      return (await askAsAdmin(scene, says, underOwnKey(kid))).status === 200
    },
  },
]
