import type { ClaimsVerdict, LeakKind } from '@sallyport/claims-policy'
import { ClaimsError } from '../../errors.ts'

type Wrong = Exclude<ClaimsVerdict, { kind: 'fit' }>

/** How a leak is named after "looks like". */
export const LEAK_NAMES: Readonly<Record<LeakKind, string>> = {
  email: 'an e-mail address',
  phone: 'a phone number',
  national_id: 'a national id',
  card_number: 'a card number',
  iban: 'a bank account',
  secret: 'a secret',
  connection_string: 'a connection string',
  personal_name: "a person's name",
  postal_address: 'a postal address',
  birth_date: 'a date of birth',
  gender: 'a gender',
}

/** The error for claims that must not be in a token. It names the claims, and never their values. */
export function claimsError(verdict: Wrong, maxBytes: number): ClaimsError {
  switch (verdict.kind) {
    case 'leaking': {
      const paths = verdict.leaks.map(({ claim }) => claim)
      const reasons = verdict.leaks.map(({ claim, kind }) => `"${claim}" looks like ${LEAK_NAMES[kind]}`)
      return new ClaimsError(
        paths,
        `whoever sees an access token can read its claims: ${reasons.join(', ')}; remove such claims, seal them ("claims.sealed") or exempt them ("claims.exempt")`,
      )
    }
    case 'not_allowed':
      return new ClaimsError(
        verdict.claims,
        `"claims.allow" does not list ${quoted(verdict.claims)}: add the names there, or remove the claims`,
      )
    case 'reserved':
      return new ClaimsError(
        verdict.claims,
        `the library reserves the claim names ${quoted(verdict.claims)}: choose other names`,
      )
    case 'too_large':
      return new ClaimsError(
        [],
        `the claims have more than ${maxBytes} bytes as JSON: remove some, or raise "claims.maxBytes"`,
      )
    case 'not_json':
      return verdict.claim === ''
        ? new ClaimsError([], 'the claims must be a plain JSON object')
        : new ClaimsError([verdict.claim], `the claim "${verdict.claim}" must be plain JSON`)
  }
}

function quoted(claims: readonly string[]): string {
  return claims.map((claim) => `"${claim}"`).join(', ')
}
