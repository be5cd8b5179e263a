import type { SallyportOptions } from '@sallyport/core'

/** Whether a service with these options only verifies, by the rule of the library: it trusts issuers, and issues nothing itself. */
export function onlyVerifies({ issuer, audience, secret, issuers, apiKeys }: SallyportOptions): boolean {
  // Options may come from JavaScript, where anything can be in the place of an array.
  const trustsOthers = Array.isArray(issuers) && issuers.length > 0
  return trustsOthers && [issuer, audience, secret, apiKeys].every((given) => given === undefined)
}
