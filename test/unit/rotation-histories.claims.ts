import type { RetryKey } from '../../packages/core/src/ports/session.ts'
import type { RotationVerdict } from '../../packages/core/src/sessions/rotate.ts'
import { isSameKey, type Setting, type World } from './rotation-histories.world.ts'

export interface Presentation {
  readonly by: 'client' | 'thief'
  readonly generation: number
  /** Absent if the request can't be told from others. */
  readonly key: RetryKey | undefined
}

/** One refresh. `after` is absent if it ended the session. */
export interface Refresh {
  readonly setting: Setting
  readonly before: World
  readonly presented: Presentation
  readonly verdict: RotationVerdict
  readonly after: World | undefined
}

type Accepted = Refresh & { readonly after: World }

/** Each claim says when a refresh breaks it. */
const claims = {
  /** Only the current token and the one that it was exchanged for are ever accepted, and each rotation adds one. */
  'there is one line of tokens': accepted(({ before, presented, verdict }) => {
    const { record, truth } = before
    const isOnLine = presented.generation === record.generation || presented.generation === truth.parent
    return !isOnLine || ('generation' in verdict && verdict.generation !== record.generation + 1)
  }),

  /** A careful client is signed out only after a thief refreshed. Without keys and without a grace, nothing is promised. */
  'a careful client stays signed in': ({ setting, before, presented, after }) =>
    after === undefined &&
    presented.by === 'client' &&
    before.client.careful &&
    before.thief?.refreshed !== true &&
    (setting.client !== 'keyless' || setting.graceMs > 0),

  /**
   * Outside of the grace, whoever presents an exchanged token in another attempt is refused, if it is known that the
   * successor has reached somebody.
   */
  'a second use is found at once': accepted((refresh) => {
    const { setting, before, presented } = refresh
    const { parent, maker, seen } = before.truth
    const isSecondUse = presented.generation === parent && !isSameKey(presented.key, maker)
    const hasArrived = maker?.sent === true || seen || setting.graceMs === 0
    return isSecondUse && hasArrived && !isWithinGrace(refresh)
  }),

  /** Outside of the grace, nobody gets a generation later than the stolen one that the other party already has. */
  'nothing is shared beyond the grace': accepted((refresh) => {
    const { before, presented, after } = refresh
    const { generation } = after.record
    if (before.thief === undefined || generation <= before.thief.stolen || isWithinGrace(refresh))
      return false
    return presented.by === 'client'
      ? before.thief.tokens.includes(generation)
      : clientHas(before, generation)
  }),

  /**
   * In a keyed session, and in one whose refreshes are all further apart than the grace, a generation later than the
   * stolen one is accepted from at most one of the two parties.
   */
  'at most one party goes on': accepted(({ after }) => after.client.wentOn && after.thief?.wentOn === true),
} satisfies Record<string, (refresh: Refresh) => boolean>

export type Claim = keyof typeof claims

export const allClaims = Object.keys(claims) as readonly Claim[]

export function isBroken(claim: Claim, refresh: Refresh): boolean {
  return claims[claim](refresh)
}

/** Whether anybody may still present the token that was exchanged last: tabs without keys do. */
function isWithinGrace({ setting, before, presented }: Refresh): boolean {
  return setting.graceMs > 0 && !before.truth.late && !before.truth.keyed && presented.key?.sent !== true
}

function clientHas({ client }: World, generation: number): boolean {
  const { cookie, secondTab } = client
  return cookie === generation || (secondTab.kind === 'answered' && secondTab.answer === generation)
}

function accepted(breaks: (refresh: Accepted) => boolean): (refresh: Refresh) => boolean {
  return (refresh) => {
    const { after } = refresh
    return after !== undefined && breaks({ ...refresh, after })
  }
}
