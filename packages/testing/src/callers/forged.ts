import type { TestCaller } from './caller.ts'

/** The caller with an access token whose signature, or whatever else is at its end, does not fit. */
export function forged(caller: TestCaller): TestCaller {
  const { accessToken } = caller
  // Not the last character, some of whose bits may not count.
  const at = accessToken.length - 8
  const other = accessToken[at] === 'A' ? 'B' : 'A'
  const access_token = accessToken.slice(0, at) + other + accessToken.slice(at + 1)
  return caller.after({ headers: {}, body: { access_token } })
}
