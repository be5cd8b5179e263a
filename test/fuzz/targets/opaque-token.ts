import { isDeepStrictEqual } from 'node:util'
import { sessionIdFrom, tagOf } from '@sallyport/core/store'
import { createStrictCookie } from '../../../packages/core/src/gate/browser/cookies.ts'
import { createTokenSchemes } from '../../../packages/core/src/gate/credentials.ts'
import { createRefreshTokens } from '../../../packages/core/src/sessions/tokens/refresh-token.ts'
import { parseApiKey } from '../../../packages/core/src/tokens/forms/api-key.ts'
import { isIntrospectable } from '../../../packages/core/src/tokens/forms/introspectable.ts'
import { createReferences } from '../../../packages/core/src/tokens/forms/reference.ts'
import { createOpaqueTokens, MAC_BYTES } from '../../../packages/core/src/tokens/opaque.ts'
import { viewOf } from '../../unit/view.ts'
import { must } from '../parts/must.ts'
import type { Target } from '../target.ts'

const KEYS = [{ mac: Buffer.alloc(32, 1), encryption: Buffer.alloc(32, 2) }] as const
const SESSION = sessionIdFrom(tagOf('alice'), 'A'.repeat(22))
/** With and without a bond, and as an access token. */
const FORMATS = [
  { prefix: 'spr_', size: 33 + MAC_BYTES },
  { prefix: 'spr_', size: 34 + 32 + MAC_BYTES },
  { prefix: 'spa_', size: 45 + MAC_BYTES },
]

/** Refresh tokens, reference tokens and API keys, also under our own keys, and the headers in which they come. */
export const opaqueToken: Target = {
  name: 'opaque-token',
  words: ['spr_', 'spa_', 'spk_', '__Host-', 'refresh=', 'Bearer ', 'DPoP ', '; ', '%3D'],
  async open() {
    const refresh = createRefreshTokens(KEYS)
    const references = createReferences(KEYS)
    const cookie = createStrictCookie({ name: '__Host-refresh', secure: true })
    const schemes = createTokenSchemes(['EdDSA'])
    const ticket = { session: SESSION, generation: 7, transport: 'cookie' } as const
    const token = refresh.mint(ticket)
    const reference = { session: SESSION, generation: 1, issuedAt: 1_700_000_000, expiresAt: 1_700_000_900 }
    return {
      seeds: [
        ...[token, references.mint(reference).token, `__Host-refresh=${token}; other=1`, `Bearer ${token}`],
        ...['\x03'.padEnd(34, 'x'), '\x05'.padEnd(70, 'x'), '\x02'.padEnd(60, '\0'), 'spk_'.padEnd(88, 'A')],
      ],
      run(input) {
        const text = input.toString('latin1')
        const sealed = FORMATS.map(({ prefix, size }) => {
          const bytes = Buffer.alloc(size)
          input.copy(bytes)
          return createOpaqueTokens({ prefix, size }, KEYS).seal(bytes)
        })
        for (const one of [text, ...sealed]) {
          const read = refresh.parse(one)
          if (read !== undefined)
            must(isDeepStrictEqual(refresh.parse(refresh.mint(read)), read), 'a ticket changes')
          const shown = references.parse(one)
          if (shown !== undefined) {
            const again = references.parse(references.mint(shown).token)
            must(isDeepStrictEqual({ ...again, jti: '' }, { ...shown, jti: '' }), 'a reference changes')
          }
          parseApiKey(one)
          isIntrospectable(one)
        }
        const found = cookie.read(viewOf({ headers: { cookie: text } }))
        must(found.kind !== 'value' || text.includes(found.value), 'a cookie was made up')
        schemes.read(viewOf({ headers: { authorization: text } }))
      },
    }
  },
}
