import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { accessOf, bodyOf, claimsOf, cookieOf, PASSWORD, type Reply } from '../../faults/client.ts'
import { nameOf } from '../../faults/recorder.ts'
import { goodUntil, type Held, isGood, LIFETIMES } from './people.ts'
import { type Action, askAs, isAnswer, noteJudged, type Scene } from './scene.ts'

const USERS = 60
const TRIED_FOR_MS = 20_000
const TRIED_EVERY_MS = 300
const GATEWAY = `Basic ${Buffer.from('gateway:gateway-secret').toString('base64')}`

export const signIn: Action = async (scene) => {
  const { fleet, people, recorder, chances } = scene
  if (people.isFull()) return
  const user = `user${chances.below(USERS)}`
  const keyed = chances.below(2) === 0
  const askedAt = performance.now()
  const reply = await recorder.ask(fleet.any(), 'POST', '/auth/login', {
    json: { username: user, password: PASSWORD },
    headers: keyed ? { 'Idempotency-Key': randomUUID() } : {},
  })
  if (!isAnswer(scene, 'signing in', reply, [200]) || reply === undefined) return
  // It may have come before their end or after it.
  if (people.wereEnding(user, askedAt)) return
  const access = accessOf(reply)
  people.add({
    ...{ id: claimsOf(access).sid, user, access, cookie: cookieOf(reply), keyed, askedAt },
    refreshedAt: askedAt,
    goodUntil: goodUntil(access),
    retryKey: undefined,
    isBusy: false,
    isEnding: false,
    endedAt: undefined,
  })
}

/** Does something with a session that nobody else uses. */
export async function withSession(
  scene: Scene,
  work: (session: Held) => Promise<void>,
  suits?: (session: Held) => boolean,
): Promise<void> {
  const session = scene.people.borrow(suits)
  if (session === undefined) return signIn(scene)
  try {
    await work(session)
  } finally {
    scene.people.giveBack(session)
  }
}

/** Does something with a session whose access token is good: it is renewed before, if it has to be. */
function withAccess(work: (scene: Scene, session: Held) => Promise<void>): Action {
  return (scene) =>
    withSession(scene, async (session) => {
      if (!isGood(session)) await refresh(scene, session)
      if (isGood(session) && !session.isEnding) await work(scene, session)
    })
}

export const visit: Action = withAccess(async ({ fleet, recorder }, session) => {
  await recorder.me(fleet.any(), session)
})

/** One access token at all nodes at once. */
export const visitEverywhere: Action = withAccess(async ({ fleet, recorder }, session) => {
  await Promise.all(fleet.up().map((node) => recorder.me(node, session)))
})

/** With the token of a session that has ended. */
export const visitEnded: Action = async ({ fleet, people, recorder }) => {
  const session = people.ended()
  if (session !== undefined) await recorder.me(fleet.any(), session)
}

export const listSessions: Action = withAccess(async (scene, session) => {
  const reply = await askAs(scene, scene.fleet.any(), session, 'GET', '/auth/sessions')
  isAnswer(scene, 'listing sessions', reply, scene.people.mayBeOver(session) ? [200, 401] : [200])
})

export const introspect: Action = withAccess(async (scene, session) => {
  const node = scene.fleet.any()
  const reply = await scene.recorder.ask(node, 'POST', '/auth/introspect', {
    form: { token: session.access },
    headers: { Authorization: GATEWAY },
  })
  if (isAnswer(scene, 'introspection', reply, [200]) && reply !== undefined)
    noteJudged(scene.recorder, node, session, reply, bodyOf(reply).active === true ? 200 : 401)
})

/** A second factor, and what needs it. */
export const stepUp: Action = withAccess(async (scene, session) => {
  const { fleet, people, recorder } = scene
  const { access } = session
  const json = { password: PASSWORD }
  const reply = await recorder.ask(fleet.any(), 'POST', '/auth/step-up', { access, json })
  if (!isAnswer(scene, 'step-up', reply, people.mayBeOver(session) ? [200, 401] : [200])) return
  if (reply?.status !== 200) return
  Object.assign(session, { access: accessOf(reply), goodUntil: goodUntil(accessOf(reply)) })
  const order = { json: { to: 'somebody', amount: 1 } }
  const done = await askAs(scene, fleet.any(), session, 'POST', '/api/transfer', order)
  isAnswer(scene, 'a transfer after a step-up', done, people.mayBeOver(session) ? [200, 401] : [200])
})

export const refreshOnce: Action = (scene) => withSession(scene, (session) => refresh(scene, session))

/** Tabs that refresh at once, each at another node. */
export const refreshEverywhere: Action = (scene) =>
  withSession(scene, async (session) => {
    const { fleet, recorder, people } = scene
    const presented = session.cookie
    const replies = await Promise.all(
      fleet.up().map((node) => recorder.refresh(node, session, presented, headersOf(session))),
    )
    const answers = replies.filter((reply) => reply !== undefined)
    // One that a stopped node held up for longer than the grace is contested, and its answer is the one that counts.
    for (const reply of answers.toSorted((one, other) => one.answeredAt - other.answeredAt))
      if (reply.status === 200) adopt(session, reply)
    const refused = answers.find(({ status }) => status === 401)
    if (refused === undefined) return
    // Two that are held up for longer than the grace look like theft.
    const wereLate = answers.some(({ sentAt, answeredAt }) => answeredAt - sentAt > LIFETIMES.grace * 1000)
    if (!wereLate && answers.length === replies.length && !people.mayBeOver(session))
      isAnswer(scene, 'a refresh beside others', refused, [200])
    recorder.note({ what: 'doubted', session: session.id })
    people.end(session, false)
  })

/** The answer is lost on its way, and the client repeats its request: at once, or long after the grace. */
export const loseAnswer: Action = (scene) =>
  withSession(scene, async (session) => {
    const { fleet, recorder, people, chances } = scene
    const isLate = chances.below(3) === 0
    const lost = await recorder.refresh(fleet.any(), { ...session }, session.cookie, headersOf(session))
    if (!isLate) return refresh(scene, session)
    await sleep(LIFETIMES.grace * 1000 + 500)
    const repeated = await recorder.refresh(fleet.any(), session, session.cookie, headersOf(session))
    if (repeated?.status === 200) return adopt(session, repeated)
    if (lost?.status === 200 && repeated?.status === 401 && !people.mayBeOver(session))
      scene.complaints.add('signed out', `${session.id}: a late repetition was refused: ${repeated.text}`)
    // A refresh without a key that is repeated late, and then again, looks like theft.
    recorder.note({ what: 'doubted', session: session.id })
    people.end(session, false)
  })

export const signOut: Action = (scene) =>
  withSession(scene, async (session) => {
    const { fleet, recorder, people, chances } = scene
    session.isEnding = true
    const status = await recorder.logout(fleet.any(), session)
    people.end(session, status === 204)
    if (status !== 204 || chances.below(4) > 0) return
    const reply = await recorder.refresh(fleet.any(), session, session.cookie, headersOf(session))
    isAnswer(scene, 'a refresh after signing out', reply, [401])
  })

export const signOutEverywhere: Action = withAccess(async (scene, session) => {
  const { fleet, recorder, people } = scene
  const node = fleet.any()
  const ending = people.endUser(session.user)
  const reply = await recorder.ask(node, 'POST', '/auth/logout-all', { access: session.access })
  const at = reply?.status === 204 ? reply.answeredAt : undefined
  for (const { id } of ending.sessions)
    recorder.note(
      at === undefined
        ? { what: 'doubted', session: id }
        : { what: 'revoked', session: id, node: nameOf(node), at },
    )
  ending.done(at)
  isAnswer(scene, 'signing out everywhere', reply, [204, 401])
})

/** Refreshes as a browser does: until there is an answer, with the same key if it has one. */
export async function refresh(scene: Scene, session: Held): Promise<void> {
  const { fleet, recorder, people, complaints, outages } = scene
  const from = performance.now()
  const deadline = from + TRIED_FOR_MS
  while (performance.now() < deadline && !session.isEnding) {
    const reply = await recorder.refresh(fleet.any(), session, session.cookie, headersOf(session))
    if (reply?.status === 200) return adopt(session, reply)
    if (reply !== undefined && reply.status < 500) {
      // Without a key, repetitions that were held up for longer than the grace look like theft. So no refusal is judged then.
      if (!people.mayBeOver(session) && !outages.wasHeldUp(from, performance.now()))
        complaints.add('signed out', `${session.id}: ${reply.status} ${reply.text.slice(0, 200)}`)
      recorder.note({ what: 'doubted', session: session.id })
      return people.end(session, false)
    }
    await sleep(TRIED_EVERY_MS)
  }
}

/** The key of the refresh that has no answer yet. */
export function headersOf(session: Held): Readonly<Record<string, string>> {
  if (!session.keyed) return {}
  session.retryKey ??= randomUUID()
  return { 'Idempotency-Key': session.retryKey }
}

export function adopt(session: Held, reply: Reply): void {
  const access = accessOf(reply)
  Object.assign(session, {
    ...{ access, cookie: cookieOf(reply), goodUntil: goodUntil(access) },
    refreshedAt: reply.sentAt,
    retryKey: undefined,
  })
}
