import type { ClaimsVerdict } from '../claims-policy/judge.ts'
import { ClaimsError } from '../errors.ts'
import type { Session } from '../ports/sessions.ts'
import type { ClaimRecipient, ClaimSeal } from './sealed-claim.ts'

/** Whose access token is being issued: what an application chooses its claims by. */
export type TokenOwner = Pick<Session, 'id' | 'subject' | 'client' | 'scope' | 'acr' | 'amr'>

/** The application's claims for an access token; asked at sign-in and at each refresh. */
export type ClaimsOf = (
  owner: TokenOwner,
) => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>

export type CustomClaims = (session: Session) => Promise<Readonly<Record<string, unknown>>>

export interface CustomClaimsSettings {
  readonly of: ClaimsOf
  readonly allow: readonly string[] | undefined
  readonly exempt: readonly string[]
  readonly maxBytes: number
  readonly leaks: 'refuse' | 'warn'
  readonly sealed: Readonly<Record<string, ClaimRecipient>>
}

/**
 * Asks the application for its claims and judges them.
 *
 * @param notice told of leaks where they are let through, once for each claim
 */
export async function createCustomClaims(
  { of, allow, exempt, maxBytes, leaks, sealed }: CustomClaimsSettings,
  notice: (message: string) => void,
): Promise<CustomClaims> {
  // What knows leaks is large, and loaded only where there may be some.
  const { judgeClaims } = await import('../claims-policy/judge.ts')
  const allowed = allow === undefined ? undefined : new Set(allow)
  const seals = await sealsOf(sealed)
  const policy = { allowed, exempt: new Set([...exempt, ...seals.keys()]), maxBytes }
  const told = new Set<string>()

  return async ({ id, subject, client, scope, acr, amr }) => {
    const owner = {
      ...{ id, subject, client, scope },
      ...(acr === undefined ? {} : { acr }),
      ...(amr === undefined ? {} : { amr }),
    }
    const claims = await sealedBy(seals, await of(owner))
    const verdict = judgeClaims(claims, policy)
    if (verdict.kind === 'fit') return claims
    if (verdict.kind !== 'leaking' || leaks === 'refuse') throw errorOf(verdict, maxBytes)
    for (const { claim, kind } of verdict.leaks) {
      const sentence = `the claim "${claim}" of the access tokens looks like ${NAMES[kind]}, which everybody can read who sees a token`
      if (!told.has(sentence)) notice(sentence)
      told.add(sentence)
    }
    return claims
  }
}

async function sealsOf(sealed: CustomClaimsSettings['sealed']): Promise<ReadonlyMap<string, ClaimSeal>> {
  const recipients = Object.entries(sealed)
  if (recipients.length === 0) return new Map()
  const { createClaimSeal } = await import('./sealed-claim.ts')
  const seals = await Promise.all(
    recipients.map(
      async ([name, recipient]) => [name, await createClaimSeal(recipient, `claims.sealed.${name}`)] as const,
    ),
  )
  return new Map(seals)
}

async function sealedBy(
  seals: ReadonlyMap<string, ClaimSeal>,
  claims: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  if (typeof claims !== 'object' || claims === null) return claims
  const here = [...seals].filter(([name]) => claims[name] !== undefined)
  if (here.length === 0) return claims
  const values = await Promise.all(
    here.map(async ([name, seal]) => [name, await seal(claims[name])] as const),
  )
  return { ...claims, ...Object.fromEntries(values) }
}

type Wrong = Exclude<ClaimsVerdict, { kind: 'fit' }>
type LeakKind = Extract<ClaimsVerdict, { kind: 'leaking' }>['leaks'][number]['kind']

const NAMES: Readonly<Record<LeakKind, string>> = {
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

function errorOf(verdict: Wrong, maxBytes: number): ClaimsError {
  switch (verdict.kind) {
    case 'leaking': {
      const [first] = verdict.leaks
      const kind = first === undefined ? 'a secret' : NAMES[first.kind]
      return new ClaimsError(
        verdict.leaks.map(({ claim }) => claim),
        `must not be in it: the first looks like ${kind}`,
      )
    }
    case 'not_allowed':
      return new ClaimsError(verdict.claims, 'must be named by the option "claims.allow"')
    case 'reserved':
      return new ClaimsError(verdict.claims, 'must be left to the library')
    case 'too_large':
      return new ClaimsError([], `must have at most ${maxBytes} bytes as JSON`)
    case 'not_json':
      return new ClaimsError(verdict.claim === '' ? [] : [verdict.claim], 'must be plain JSON')
  }
}
