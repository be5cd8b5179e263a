import { ConfigError, shown } from './errors.ts'
import type { RemoteKeys } from './issuers/remote.ts'
import type { KeyRing } from './keys/ring.ts'
import type { Settings } from './options.ts'
import type { Clock } from './ports/clock.ts'
import type { SessionStore } from './ports/store.ts'
import type { DerivedKeys } from './secrets.ts'
import { createOwnClaims, type OwnClaims } from './tokens/custom-claims.ts'
import { createLookUp } from './tokens/forms/look-up.ts'
import { createReferences } from './tokens/forms/reference.ts'
import { createTokenIssue, type IssueToken, type TokenForm } from './tokens/issue.ts'
import {
  ACCESS_TOKEN_TYPES,
  createTokenVerification,
  type OwnForms,
  type TokenSource,
  type VerifyToken,
} from './tokens/verify.ts'

/** All that makes and verifies access tokens. */
export interface TokenParts {
  readonly issue: IssueToken
  readonly verify: VerifyToken
  /** Fetches the keys of other issuers once; resolves also when one can't be reached. */
  start(): Promise<void>
  close(): void
}

export interface TokenPartsNeeds {
  readonly settings: Settings
  readonly secrets: readonly [DerivedKeys, ...DerivedKeys[]]
  readonly ring: KeyRing
  readonly sessions: SessionStore
  readonly clock: Clock
  readonly notice: (message: string) => void
}

/** For clocks of other issuers that run apart from ours. */
const OTHERS_LEEWAY_SECONDS = 5

/** Puts them together from the options. What an option does not ask for is not loaded. */
export async function createTokenParts(needs: TokenPartsNeeds): Promise<TokenParts> {
  const { settings, ring, clock, notice } = needs
  const own = {
    ...{ own: true, issuer: settings.tokens.issuer, audience: settings.tokens.audience, leewaySeconds: 0 },
    // A key of ours that is not to be trusted any more is told to every process.
    rememberedMs: Number.POSITIVE_INFINITY,
    types: ACCESS_TOKEN_TYPES,
    find: (kid: string | undefined) => (kid === undefined ? NO_KEY : ring.find(kid)),
  } as const
  const ownClaims = settings.ownClaims && (await createOwnClaims(settings.ownClaims, notice))
  const form = await formOf(needs)
  const { others, remotes } = await othersOf(settings, clock, notice)
  return {
    issue: createTokenIssue({ settings: settings.tokens, form, ownClaims, clock, notice }),
    verify: createTokenVerification([own, ...others], formsOf(needs, form, own, ownClaims), clock),
    async start() {
      await Promise.all(remotes.map((keys) => keys.start()))
    },
    close() {
      for (const keys of remotes) keys.close()
    },
  }
}

const NO_KEY = { kind: 'unknown' } as const

async function formOf({ settings, secrets }: TokenPartsNeeds): Promise<TokenForm> {
  switch (settings.form) {
    case 'jwt':
      return { kind: 'jwt' }
    case 'encrypted': {
      const { createTokenEncryption } = await import('./tokens/forms/nested.ts')
      return { kind: 'encrypted', encryption: createTokenEncryption(secrets) }
    }
    case 'reference': {
      const [first, ...earlier] = secrets
      const keys = [first.accessReferences, ...earlier.map((one) => one.accessReferences)] as const
      return { kind: 'reference', references: createReferences(keys) }
    }
  }
}

function formsOf(
  { settings, sessions, clock }: TokenPartsNeeds,
  form: TokenForm,
  source: TokenSource & { readonly audience: readonly [string, ...string[]] },
  ownClaims: OwnClaims | undefined,
): OwnForms {
  if (form.kind === 'encrypted') return { encryption: form.encryption }
  if (form.kind === 'jwt') return {}
  const { lifetimes } = settings.sessions
  return {
    lookUp: createLookUp({ references: form.references, sessions, source, lifetimes, ownClaims, clock }),
  }
}

async function othersOf(
  { tokens, issuers }: Settings,
  clock: Clock,
  notice: (message: string) => void,
): Promise<{ readonly others: readonly TokenSource[]; readonly remotes: readonly RemoteKeys[] }> {
  if (issuers.length === 0) return { others: [], remotes: [] }
  const { createRemoteKeys } = await import('./issuers/remote.ts')
  const both = issuers.map((trusted, index) => {
    const { issuer, audience, untyped } = trusted
    if (issuer === tokens.issuer)
      throw new ConfigError(`issuers.${index}.issuer`, 'another than "issuer"', shown(issuer))
    const keys = createRemoteKeys(trusted, clock, notice)
    const types = untyped ? new Set([...ACCESS_TOKEN_TYPES, 'JWT', undefined]) : ACCESS_TOKEN_TYPES
    const source: TokenSource = {
      ...{ own: false, issuer, audience, types, leewaySeconds: OTHERS_LEEWAY_SECONDS },
      rememberedMs: trusted.cooldownSeconds * 1000,
      find: keys.find,
    }
    return { source, keys }
  })
  return { others: both.map(({ source }) => source), remotes: both.map(({ keys }) => keys) }
}
