import type { Devices } from '../binding/device.ts'
import type { Clock, Random } from '../ports/clock.ts'
import type { RevocationStore } from '../ports/revocations.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Signer } from '../ports/signer.ts'
import type { Replica } from '../revocation/replica.ts'
import type { SubjectJudge } from '../tokens/custom/subject.ts'
import type { IssueToken } from '../tokens/issue.ts'
import type { Emit } from '../watch/events.ts'
import type { Traced } from '../watch/traces/traced.ts'
import { type BoundKeys, type BoundKeysParts, createBoundKeys } from './bound-keys/index.ts'
import { createSessionElevation, type ElevateSession } from './elevate.ts'
import { createSessionEnd, type SessionEnd } from './end.ts'
import { createSessionForgetting, type ForgetSubject, type SessionForgettingParts } from './forget.ts'
import { createOwnerSearch, createSessionList, type FindOwner, type ListSessions } from './list.ts'
import { createSessionOpening, type OpenSession } from './open.ts'
import { createSessionFind, type FindSession } from './pages/find.ts'
import { createHandOver, type HandOver } from './pages/hand-over.ts'
import { createSessionRefresh, type RefreshSession } from './refresh.ts'
import { createSessionRenewal, type RenewSessions } from './renew.ts'
import type { SessionSettings } from './settings.ts'
import type { RefreshTokens } from './tokens/refresh-token.ts'
import { createTokenRevocation, type TokenRevocation } from './tokens/revoke.ts'
import { createTokenSets, type TokenSetParts, type TokenSets } from './tokens/token-set.ts'

/** Everything that happens to sessions, one function each. */
export interface Sessions {
  readonly open: OpenSession
  readonly refresh: RefreshSession
  readonly elevate: ElevateSession
  readonly end: SessionEnd
  readonly list: ListSessions
  readonly findOwner: FindOwner
  readonly find: FindSession
  readonly handOver: HandOver
  readonly renew: RenewSessions
  readonly forget: ForgetSubject
  readonly revoke: TokenRevocation
  readonly tokenSets: TokenSets
  /** `undefined` if no session is bound to a key of its browser. */
  readonly boundKeys: BoundKeys | undefined
}

export interface SessionsParts extends Pick<BoundKeysParts, 'boundKeys' | 'boundKeyKeys' | 'once'> {
  readonly store: SessionStore
  readonly revocations: Pick<RevocationStore, 'revoke'>
  readonly replica: Pick<Replica, 'add' | 'marksOf'>
  readonly signer: () => Signer | undefined
  readonly issueToken: IssueToken
  readonly refreshTokens: RefreshTokens
  readonly devices: Devices
  readonly judgeSubject: SubjectJudge
  readonly apiKeys: SessionForgettingParts['apiKeys']
  readonly outbox: SessionForgettingParts['outbox']
  readonly settings: SessionSettings
  readonly accessSeconds: number
  readonly onIssuing: TokenSetParts['onIssuing']
  readonly emit: Emit
  /** Is told that the store has ended sessions. */
  readonly onEnded: () => void
  readonly traced: Traced
  readonly clock: Clock
  readonly random: Random
}

/** Throws a `ConfigError` if the store lacks what an option needs. */
export function createSessions(parts: SessionsParts): Sessions {
  const { traced } = parts
  const { lifetimes } = parts.settings
  const tokenSets = createTokenSets({ ...parts, lifetimes })
  const end = createSessionEnd({ ...parts, lifetimes })
  const find = createSessionFind(parts)
  const step = { ...parts, tokenSets, end, find }
  return {
    open: traced('sallyport.sign_in', createSessionOpening(step)),
    refresh: traced('sallyport.refresh', createSessionRefresh(step)),
    elevate: traced('sallyport.step_up', createSessionElevation(step)),
    end,
    list: createSessionList({ ...parts, lifetimes }),
    findOwner: createOwnerSearch(parts),
    find,
    handOver: traced('sallyport.hand_over', createHandOver(step)),
    forget: createSessionForgetting(step),
    revoke: createTokenRevocation(step),
    renew: createSessionRenewal({ ...parts, lifetimes }),
    tokenSets,
    boundKeys: createBoundKeys(parts),
  }
}
