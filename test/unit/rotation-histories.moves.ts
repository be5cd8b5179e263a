import type { RetryKey } from '../../packages/core/src/ports/session.ts'
import { carryOut, judge } from './rotation-histories.carrier.ts'
import type { Presentation, Refresh } from './rotation-histories.claims.ts'
import {
  type Client,
  IDLE,
  keyForNone,
  keyOf,
  type Rule,
  type SecondTab,
  type Setting,
  THIEFS_KEY,
  type Thief,
  type World,
} from './rotation-histories.world.ts'

/** One step that is possible. `to` is absent if the session is over. */
export interface Move {
  readonly step: string
  readonly to: World | undefined
  readonly refresh?: Refresh
}

/** Everything that can happen next. */
export function movesFrom(world: World, setting: Setting, rule: Rule): readonly Move[] {
  const refresh = (step: string, presented: Presentation, before: World, answered: Answered): Move => {
    const verdict = judge(rule, setting, before, presented)
    const after = carryOut(verdict, setting, before, presented)
    const to = after === undefined ? undefined : answered(after, after.record.generation)
    return { step, to, refresh: { setting, before, presented, verdict, after } }
  }
  return [
    ...clientRefreshes(world, setting, refresh),
    ...clientMoves(world, setting),
    ...thiefMoves(world, setting, refresh),
    ...useMoves(world),
    ...waitMoves(world, setting),
  ]
}

/** What the sender of a request does with the answer. */
type Answered = (world: World, answer: number) => World
type MakeRefresh = (step: string, presented: Presentation, before: World, answered: Answered) => Move

function clientRefreshes(world: World, setting: Setting, refresh: MakeRefresh): readonly Move[] {
  const { cookie, secondTab } = world.client
  const moves: Move[] = []
  // An attempt lasts until each of its requests has its answer, or has lost it.
  if (secondTab.kind === 'idle' || secondTab.token === cookie) {
    const { key = keyForNone(setting, world), sending } = attempt(world, setting)
    const before = { ...sending, nextKey: sending.nextKey + 1 }
    const presented: Presentation = { by: 'client', generation: cookie, key }
    moves.push(
      refresh('the client refreshes', presented, before, receive),
      refresh('the client refreshes, and the answer is lost', presented, before, (after) => after),
    )
  }
  if (secondTab.kind === 'sent') {
    const { token, key = keyForNone(setting, world) } = secondTab
    const presented: Presentation = { by: 'client', generation: token, key }
    const before = { ...world, nextKey: world.nextKey + 1 }
    const answered: Answered = (after, answer) =>
      withClient(after, { secondTab: { kind: 'answered', token, answer } })
    moves.push(refresh('the request of the second tab arrives', presented, before, answered))
  }
  return moves
}

interface Attempt {
  /** The key that the client sends. */
  readonly key: RetryKey | undefined
  /** The world in which the client keeps the key. */
  readonly sending: World
}

function attempt(world: World, { client }: Setting): Attempt {
  const { key = keyOf(world.nextKey, true) } = world.client
  if (client === 'keyless') return { key: undefined, sending: world }
  return { key, sending: withClient({ ...world, nextKey: world.nextKey + 1 }, { key }) }
}

/** The client stores a cookie, which ends the attempt. */
function receive(world: World, cookie: number): World {
  const { key: _key, ...client } = world.client
  return { ...world, client: { ...client, cookie } }
}

function clientMoves(world: World, setting: Setting): readonly Move[] {
  const { cookie, key, secondTab, careful } = world.client
  const moves: Move[] = []
  if (secondTab.kind === 'idle') {
    const { key: sentKey, sending } = attempt(world, setting)
    // Where everything is further apart than the grace, the request will travel longer than that.
    const staysCareful = careful && (sentKey !== undefined || setting.pace === 'any')
    const request: SecondTab = { kind: 'sent', token: cookie, ...(sentKey && { key: sentKey }) }
    const to = withClient(sending, { secondTab: request, careful: staysCareful })
    moves.push({ step: 'the second tab sends a request', to })
  } else moves.push({ step: 'the second tab gets no answer', to: withClient(world, { secondTab: IDLE }) })
  if (secondTab.kind === 'answered') {
    const to = receive(withClient(world, { secondTab: IDLE }), secondTab.answer)
    moves.push({ step: 'the second tab gets its answer', to })
  }
  // A crash that spares the stored key only loses answers.
  if (key !== undefined) {
    const { key: _key, ...client } = world.client
    const to = { ...world, client: { ...client, careful: false } }
    moves.push({ step: 'the client crashes, and loses its key', to })
  }
  return moves
}

function thiefMoves(world: World, setting: Setting, refresh: MakeRefresh): readonly Move[] {
  const { thief, client, record, truth } = world
  if (thief === undefined) {
    const { cookie } = client
    const copied: Thief = { stolen: cookie, tokens: [cookie], refreshed: false, wentOn: false }
    return [{ step: 'a thief copies the cookie', to: { ...world, thief: copied } }]
  }
  const moves: Move[] = []
  const present = (generation: number, how: string, key: RetryKey | undefined): void => {
    const presented: Presentation = { by: 'thief', generation, key }
    const before = { ...world, nextKey: world.nextKey + 1, thief: { ...thief, refreshed: true } }
    moves.push(refresh(`the thief presents token ${generation} ${how}`, presented, before, keepForThief))
  }
  for (const token of thief.tokens) {
    present(token, 'without a key', keyForNone(setting, world))
    present(token, 'with his key', THIEFS_KEY)
    if (token === truth.parent && record.key?.sent === false)
      present(token, 'with the bytes of the key that the server made', { ...record.key, sent: true })
  }
  return moves
}

/** One token that can't be accepted any more stands for all. */
function keepForThief(world: World, answer: number): World {
  const { thief, record, truth } = world
  if (thief === undefined) return world
  const isUseful = (token: number): boolean =>
    token === answer || token === truth.parent || token === record.base
  const [useless] = thief.tokens.filter((token) => !isUseful(token))
  const tokens = [
    ...new Set([...thief.tokens.filter((token) => isUseful(token) || token === useless), answer]),
  ]
  return { ...world, thief: { ...thief, tokens } }
}

/** An access token of the current generation is used. Services elsewhere, which verify by the JWK Set, tell nobody. */
function useMoves(world: World): readonly Move[] {
  const { record, truth, client, thief } = world
  const users = [
    ...(client.cookie === record.generation ? ['the client'] : []),
    ...(thief?.tokens.includes(record.generation) ? ['the thief'] : []),
  ]
  return users.flatMap((user) => [
    { step: `${user} uses an access token elsewhere`, to: world },
    {
      step: `${user} uses an access token here`,
      to: { ...world, record: { ...record, confirmed: true }, truth: { ...truth, seen: true } },
    },
  ])
}

function waitMoves(world: World, setting: Setting): readonly Move[] {
  if (world.truth.late || setting.graceMs === 0) return []
  const { secondTab, careful } = world.client
  const staysCareful = careful && (setting.client !== 'keyless' || secondTab.kind === 'idle')
  const to = { ...world, truth: { ...world.truth, late: true } }
  return [{ step: 'the grace passes', to: withClient(to, { careful: staysCareful }) }]
}

function withClient(world: World, changed: Partial<Client>): World {
  return { ...world, client: { ...world.client, ...changed } }
}
