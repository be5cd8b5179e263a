import type { Rotation } from '../../packages/core/src/ports/steps/rotating.ts'
import type { RotationVerdict } from '../../packages/core/src/sessions/rotate.ts'
import type { Presentation } from './rotation-histories.claims.ts'
import type { Rule, Setting, Truth, World } from './rotation-histories.world.ts'

const FAR = Number.MAX_SAFE_INTEGER
const NO_WINDOW = { endsAt: 0, count: 0 }
const REQUEST = {
  id: `${'s'.repeat(22)}` as Rotation['id'],
  transport: 'cookie',
  bindings: [],
  driftRule: { enforced: 0, stepUp: 0, counted: 0, stepUpAt: 0, endAt: 0 },
  lifetimes: { idleMs: FAR, absoluteMs: FAR },
  refreshLimit: { count: 0, windowMs: 0 },
  convergedLimit: 0,
  known: { endedUntil: 0, refusedUntil: 0 },
} as const

export function judge(
  rule: Rule,
  { graceMs }: Setting,
  { record, truth }: World,
  { generation, key }: Presentation,
): RotationVerdict {
  const at = truth.late ? graceMs + 1 : graceMs
  return rule(record, NO_WINDOW, { ...REQUEST, generation, key, at, graceMs })
}

/** The world after the refresh, but for what its sender does with the answer. Absent if the session is over. */
export function carryOut(
  verdict: RotationVerdict,
  setting: Setting,
  before: World,
  presented: Presentation,
): World | undefined {
  switch (verdict.kind) {
    case 'reuse':
      return undefined
    case 'converge':
      return noteGoingOn(setting, before, presented)
    case 'rotate':
    case 'contest': {
      const { generation, base, keyed } = verdict
      const { key } = presented
      const truth: Truth = {
        parent: verdict.kind === 'rotate' ? presented.generation : before.truth.parent,
        maker: key,
        keyed: before.truth.keyed || key?.sent === true,
        seen: false,
        late: setting.pace === 'spaced',
      }
      const record = { ...before.record, generation, base, keyed, key, confirmed: false }
      return noteGoingOn(setting, { ...before, record, truth }, presented)
    }
    default:
      throw new Error(`no history has a refresh that is judged as ${verdict.kind}`)
  }
}

function noteGoingOn({ graceMs, pace }: Setting, world: World, { by, generation }: Presentation): World {
  const { client, thief, truth } = world
  const hasNoGrace = truth.keyed || pace === 'spaced' || graceMs === 0
  if (thief === undefined || generation <= thief.stolen || !hasNoGrace) return world
  return by === 'client'
    ? { ...world, client: { ...client, wentOn: true } }
    : { ...world, thief: { ...thief, wentOn: true } }
}
