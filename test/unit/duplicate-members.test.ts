import { expect, test } from 'vitest'
import { readClaims } from '../../packages/core/src/tokens/claims.ts'

/** RFC 7519, section 4: refused, or the last counts, everywhere alike. There is one reader of claims, so the last counts. */
test('of a claim that stands twice in a token of ours, the last counts', () => {
  const rest =
    '"iss":"https://a.test","aud":"https://b.test","exp":20,"iat":10,"jti":"j","client_id":"web","sid":"s"'
  const payload = new TextEncoder().encode(`{"sub":"first",${rest},"\\u0073ub":"last"}`)
  expect(readClaims(payload)?.sub).toBe('last')
})
