import type { ClaimsVerdict, judgeClaims } from '@sallyport/claims-policy'
import { ClaimsError, ConfigError } from '../errors.ts'
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
 * Throws a `ConfigError` where the package that judges them is not installed.
 *
 * @param notice told of leaks where they are let through, once for each claim
 */
export async function createCustomClaims(
  { of, allow, exempt, maxBytes, leaks, sealed }: CustomClaimsSettings,
  notice: (message: string) => void,
): Promise<CustomClaims> {
  const judge = await loadJudge()
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
    const verdict = judge(claims, policy)
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

/** The package is optional because it is large, and only applications with claims of their own need it. */
async function loadJudge(): Promise<typeof judgeClaims> {
  try {
    return (await import('@sallyport/claims-policy')).judgeClaims
  } catch (error) {
    throw isPolicyMissing(error) ? policyMissing() : error
  }
}

/** Whether the package itself was not found. Without one of its own dependencies it is broken, not missing. */
function isPolicyMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes("'@sallyport/claims-policy'")
  )
}

function policyMissing(): ConfigError {
  return new ConfigError('claims', {
    sentence:
      '"claims" needs the package @sallyport/claims-policy: run "npm install @sallyport/claims-policy"',
  })
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
      const named = verdict.leaks.map(({ claim }) => claim)
      const reasons = verdict.leaks.map(({ claim, kind }) => `"${claim}" looks like ${NAMES[kind]}`)
      return new ClaimsError(named, `an access token must not tell this: ${reasons.join(', ')}`)
    }
    case 'not_allowed':
      return new ClaimsError(
        verdict.claims,
        `the option "claims.allow" does not name the claims ${quoted(verdict.claims)}`,
      )
    case 'reserved':
      return new ClaimsError(
        verdict.claims,
        `the library itself writes the claims ${quoted(verdict.claims)}: choose other names`,
      )
    case 'too_large':
      return new ClaimsError(
        [],
        `the claims have more than ${maxBytes} bytes as JSON (option "claims.maxBytes")`,
      )
    case 'not_json':
      return verdict.claim === ''
        ? new ClaimsError([], 'the claims are not plain JSON')
        : new ClaimsError([verdict.claim], `the claim "${verdict.claim}" is not plain JSON`)
  }
}

function quoted(claims: readonly string[]): string {
  return claims.map((claim) => `"${claim}"`).join(', ')
}
