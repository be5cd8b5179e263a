import type { judgeClaims } from '@sallyport/claims-policy'
import { ConfigError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { claimsError, LEAK_NAMES } from './claims-error.ts'
import { createClaimsJudge, loadPolicy } from './claims-judge.ts'
import type { ClaimRecipient, ClaimSeal } from './sealed-claim.ts'

/** The session for which an access token is issued. `id` is that of the session. */
export type TokenOwner = Pick<Session, 'id' | 'subject' | 'client' | 'scope' | 'acr' | 'amr'>

/** Returns the application's claims for an access token. */
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

/** More than any reserved name needs. */
const MAX_NAME_BYTES = 1024

/**
 * Makes the function that asks the application for its claims and judges them. That function rejects with a
 * `ClaimsError` if they must not be in a token.
 *
 * Rejects with a `ConfigError` if the package that judges claims is not installed, if a name is reserved, or if a
 * recipient's key is unusable.
 *
 * @param notice gets a message for each claim that leaks but is let through, once per claim
 */
export async function createCustomClaims(
  { of, allow, exempt, maxBytes, leaks, sealed }: CustomClaimsSettings,
  notice: (message: string) => void,
): Promise<CustomClaims> {
  const judgeAll = await loadPolicy()
  if (judgeAll === undefined) throw policyMissing()
  for (const [index, name] of (allow ?? []).entries()) refuseReserved(judgeAll, name, `claims.allow.${index}`)
  for (const name of Object.keys(sealed)) refuseReserved(judgeAll, name, `claims.sealed.${name}`)
  const allowed = allow === undefined ? undefined : new Set(allow)
  const seals = await sealsOf(sealed)
  const policy = { allowed, exempt: new Set([...exempt, ...seals.keys()]), maxBytes }
  const judge = createClaimsJudge(judgeAll, policy)
  const reported = new Set<string>()

  return async ({ id, subject, client, scope, acr, amr }) => {
    const owner = {
      ...{ id, subject, client, scope },
      ...(acr === undefined ? {} : { acr }),
      ...(amr === undefined ? {} : { amr }),
    }
    const claims = await sealedBy(seals, await of(owner))
    const verdict = judge(claims)
    if (verdict.kind === 'fit') return claims
    if (verdict.kind !== 'leaking' || leaks === 'refuse') throw claimsError(verdict, maxBytes)
    for (const { claim, kind } of verdict.leaks) {
      const message = `the claim "${claim}" looks like ${LEAK_NAMES[kind]}, and whoever sees an access token can read it: remove it, seal it ("claims.sealed") or exempt it ("claims.exempt")`
      if (!reported.has(message)) notice(message)
      reported.add(message)
    }
    return claims
  }
}

function policyMissing(): ConfigError {
  return new ConfigError('claims', {
    sentence:
      '"claims" needs the package @sallyport/claims-policy: run "npm install @sallyport/claims-policy"',
  })
}

/** @param option where the name is */
function refuseReserved(judge: typeof judgeClaims, name: string, option: string): void {
  if (judge({ [name]: true }, { maxBytes: MAX_NAME_BYTES }).kind === 'reserved')
    throw new ConfigError(option, {
      sentence: `"${option}" names ${JSON.stringify(name)}, which the library reserves: remove it, or choose another name`,
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
  const needed = [...seals].filter(([name]) => claims[name] !== undefined)
  if (needed.length === 0) return claims
  const values = await Promise.all(
    needed.map(async ([name, seal]) => [name, await seal(claims[name])] as const),
  )
  return { ...claims, ...Object.fromEntries(values) }
}
