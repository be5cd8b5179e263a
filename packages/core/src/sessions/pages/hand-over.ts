import type { Devices } from '../../binding/device.ts'
import { tagOfSession } from '../../ports/ids.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { Session } from '../../ports/session.ts'
import type { Signer } from '../../ports/signer.ts'
import type { KeyProof } from '../../ports/steps/rotating.ts'
import type { Replica } from '../../revocation/replica.ts'
import type { Visit } from '../../seam/caller.ts'
import type { Emit } from '../../watch/events.ts'
import type { RefreshTicket } from '../tokens/refresh-token.ts'
import type { TokenSet, TokenSets } from '../tokens/token-set.ts'
import type { FindSession } from './find.ts'

/** A token that ends sooner is not worth the page's while: it would have to be replaced at once. */
const LEAST_SECONDS = 10

export type HandOverOutcome =
  | {
      readonly kind: 'found'
      readonly session: Session
      /** `undefined` if there is a session, but no token for this page. */
      readonly tokens: TokenSet | undefined
    }
  | { readonly kind: 'unknown' }
  | Unavailable

/**
 * Finds the session of a refresh token, and issues another access token of its current generation. Nothing is rotated, so
 * that token ends no later than the one that came with the refresh token, and says no more: whoever has copied the cookie gets nothing that
 * outlasts what its owner has, and must refresh to go on.
 */
export type HandOver = (
  ticket: RefreshTicket,
  visit: Pick<Visit, 'caller' | 'userAgent'>,
  proof: KeyProof | undefined,
) => Promise<HandOverOutcome>

export interface HandOverParts {
  readonly find: FindSession
  readonly replica: Pick<Replica, 'marksOf'>
  readonly signer: () => Signer | undefined
  readonly tokenSets: Pick<TokenSets, 'issue' | 'secondsLeft'>
  readonly devices: Pick<Devices, 'labelOf'>
  readonly emit: Emit
}

export function createHandOver(parts: HandOverParts): HandOver {
  const { find, replica, signer, tokenSets, devices, emit } = parts

  /** For how many seconds a page may have a token; 0: it gets none. */
  function secondsFor(session: Session, ticket: RefreshTicket, userAgent: string | undefined): number {
    // The cookie of the current generation is on its way to the browser, and its access token, too.
    if (ticket.generation !== session.generation) return 0
    if (devices.labelOf(userAgent) !== session.device) return 0
    const { refusedUntil } = replica.marksOf(tagOfSession(session.id))
    // What came with the cookie is refused, so only a refresh may give another one.
    if (Math.floor(session.rotatedAt / 1000) <= refusedUntil) return 0
    const seconds = tokenSets.secondsLeft(session)
    return seconds < LEAST_SECONDS ? 0 : seconds
  }

  return async (ticket, { caller, userAgent }, proof) => {
    const reading = await find(ticket, proof)
    if (reading.kind !== 'read') return reading
    const { session } = reading
    const none = { kind: 'found', session, tokens: undefined } as const
    const seconds = secondsFor(session, ticket, userAgent)
    const key = seconds === 0 ? undefined : signer()
    if (key === undefined) return none
    const tokens = await tokenSets.issue(session, key, 0, seconds)
    if (tokens.kind === 'unsigned') return none
    const names = { sub: session.subject, sid: session.id, client_id: session.client }
    emit(
      { event: 'token.issued', outcome: 'success', reason: 'handed_over', ...names, ...tokens.ids },
      caller,
    )
    return { kind: 'found', session, tokens }
  }
}
