import { randomUUID } from 'node:crypto'
import type { Session } from '@sallyport/core'
import type {
  ActivityEntry,
  Attempt,
  CounterName,
  OnceName,
  Sighting,
  SightingsName,
  Store,
} from '@sallyport/core/store'
import { keyOf } from './api-keys.contract.ts'
import {
  boundKeyOf,
  DEVICE,
  HOUR,
  LIFETIMES,
  NOTHING,
  newSubject,
  opened,
  opening,
  rotation,
  SECOND,
  START,
  STRICT,
  type Subject,
  tokenOf,
} from './fixtures.ts'

/** Sessions that the steps act on: one each, so that they may run in any order, and at once. */
export interface Cast {
  readonly subject: Subject
  readonly toRotate: Session
  readonly toSteal: Session
  readonly toElevate: Session
  readonly toBind: Session
  readonly toEnd: Session
}

/** What a store can be asked. */
export interface Asking {
  readonly name: string
  /** Whether it can't do without writing. */
  readonly writes: boolean
  run(store: Store, cast: Cast): Promise<{ readonly kind: string }>
}

export async function castOf(store: Store): Promise<Cast> {
  const subject = newSubject()
  const [toRotate, toSteal, toElevate, toBind, toEnd] = await Promise.all([
    opened(store, opening(subject)),
    opened(store, opening(subject)),
    opened(store, opening(subject)),
    opened(store, opening(subject)),
    opened(store, opening(subject)),
  ])
  return { subject, toRotate, toSteal, toElevate, toBind, toEnd }
}

const at = START + SECOND

const partOf = <Part>(part: Part | undefined): Part => {
  if (part === undefined) throw new TypeError('the store lacks a part')
  return part
}
/** An attempt that concerns nobody but the cast. */
const attemptOf = ({ subject }: Cast): Attempt => ({
  name: `${subject.tag}counts` as CounterName,
  limit: { most: 1000, windowMs: HOUR, blockMs: HOUR },
  at,
})
const signInOf = ({ subject }: Cast): ActivityEntry => ({
  ...{ tag: subject.tag, at, event: 'session.started', outcome: 'success', kind: 'sign_in' },
})

/** Of the subject, and of nobody. */
const sightingsOf = ({ subject }: Cast): readonly Sighting[] => {
  const sighting: Sighting = {
    ...{ name: `${subject.tag}seen00` as SightingsName, value: 'a', windowMs: HOUR, most: 2 },
    counts: 'latest',
  }
  return [sighting, { ...sighting, tag: subject.tag }]
}

/** Every question of the port that is answered. */
export const askings: readonly Asking[] = [
  {
    name: 'open',
    writes: true,
    run: ({ sessions }) => sessions.open(opening(newSubject())),
  },
  {
    name: 'rotate',
    writes: true,
    run: ({ sessions }, { toRotate }) => sessions.rotate(rotation(toRotate)),
  },
  {
    name: 'rotate, a theft',
    writes: true,
    run: ({ sessions }, { toSteal }) => sessions.rotate(rotation(toSteal, { generation: 0, ...STRICT })),
  },
  {
    name: 'elevate',
    writes: true,
    run: ({ sessions }, { toElevate: { id } }) => {
      const elevation = { amr: ['otp'], authenticatedAt: at / SECOND, until: at / SECOND + 60 }
      return sessions.elevate({ id, elevation, bindings: [DEVICE], at, lifetimes: LIFETIMES, known: NOTHING })
    },
  },
  {
    name: 'bindKey',
    writes: true,
    run: ({ sessions }, { toBind: { id } }) =>
      sessions.bindKey({ id, key: boundKeyOf('A'), at, lifetimes: LIFETIMES, known: NOTHING }),
  },
  {
    name: 'end',
    writes: true,
    run: ({ sessions }, { toEnd }) => sessions.end({ id: toEnd.id, at, evenIfAbsent: false }),
  },
  {
    name: "end, another issuer's",
    writes: true,
    run: ({ sessions }) => sessions.end({ id: randomUUID(), at, evenIfAbsent: true }),
  },
  {
    name: 'endSubject',
    writes: true,
    run: ({ sessions }) => sessions.endSubject({ tag: newSubject().tag, at, lifetimes: LIFETIMES }),
  },
  {
    name: 'renew',
    writes: true,
    run: ({ sessions }) =>
      sessions.renew({ tag: newSubject().tag, at, lifetimes: LIFETIMES, known: NOTHING }),
  },
  // It deletes, for which a full server has room.
  { name: 'erase', writes: false, run: ({ sessions }) => sessions.erase(newSubject().tag, at) },
  {
    name: 'list',
    writes: false,
    run: ({ sessions }, { subject }) => sessions.list({ tag: subject.tag, at, lifetimes: LIFETIMES }),
  },
  {
    name: 'revoke',
    writes: true,
    run: ({ revocations }) => revocations.revoke({ kind: 'token', jti: randomUUID() }, at),
  },
  {
    name: 'assert',
    writes: true,
    run: ({ revocations }) => {
      const lost = { kind: 'token', jti: randomUUID() } as const
      return revocations.assert(revocations.shardOf(lost), [lost], at)
    },
  },
  { name: 'pull', writes: false, run: ({ revocations }) => revocations.pull(0, 0) },
  { name: 'marks', writes: false, run: ({ revocations }) => revocations.marks() },
  { name: 'claim', writes: true, run: ({ revocations }) => revocations.claim(0) },
  {
    name: 'check',
    writes: false,
    run: ({ revocations }, { subject }) => revocations.check(tokenOf(subject.tag)),
  },
  { name: 'read', writes: false, run: ({ sessions }, { toRotate }) => sessions.read(toRotate.id) },
  {
    name: 'counters.attempt',
    writes: true,
    run: ({ counters }, cast) => partOf(counters).attempt(attemptOf(cast)),
  },
  {
    name: 'counters.takeBack',
    // Not if there is nothing to take back.
    writes: false,
    run: ({ counters }, cast) => partOf(counters).takeBack({ ...attemptOf(cast), since: at }),
  },
  {
    name: 'counters.block',
    writes: true,
    run: ({ counters }, cast) => partOf(counters).block({ name: attemptOf(cast).name, forMs: HOUR, at }),
  },
  {
    name: 'counters.forget',
    // It deletes, for which a full server has room.
    writes: false,
    run: ({ counters }, cast) => partOf(counters).forget({ name: attemptOf(cast).name, at }),
  },
  {
    name: 'activity.append',
    writes: true,
    run: ({ activity }, cast) =>
      partOf(activity).append(
        [signInOf(cast), signInOf(cast)],
        { most: 5, mostFailures: 5, keptMs: HOUR },
        at,
      ),
  },
  {
    name: 'activity.read',
    writes: false,
    run: ({ activity }, { subject }) => partOf(activity).read(subject.tag, at),
  },
  {
    name: 'sightings.note',
    writes: true,
    async run({ sightings }, cast) {
      const outcome = await partOf(sightings).note(sightingsOf(cast), at)
      const isDone = outcome.kind === 'noted' && outcome.seen.every((seen) => seen !== undefined)
      return isDone ? outcome : { kind: 'unavailable' }
    },
  },
  {
    name: 'sightings.read',
    writes: false,
    run: ({ sightings }, { subject }) =>
      partOf(sightings).read(`${subject.tag}seen00` as SightingsName, HOUR, at),
  },
  {
    name: 'once.mark',
    writes: true,
    run: ({ once }) => partOf(once).mark({ name: `${newSubject().tag}marked` as OnceName, keptMs: HOUR, at }),
  },
  {
    name: 'once.look',
    writes: false,
    run: ({ once }) => partOf(once).look({ name: `${newSubject().tag}looked` as OnceName, at }),
  },
  {
    name: 'apiKeys.create',
    writes: true,
    run({ apiKeys }) {
      const subject = newSubject()
      return partOf(apiKeys).create({ tag: subject.tag, key: keyOf(subject), most: 5, at })
    },
  },
  {
    name: 'apiKeys.read',
    writes: false,
    run: ({ apiKeys }, { subject }) => partOf(apiKeys).read(subject.tag, keyOf(subject).id, at),
  },
  {
    name: 'apiKeys.list',
    writes: false,
    run: ({ apiKeys }, { subject }) => partOf(apiKeys).list(subject.tag, at),
  },
  {
    name: 'apiKeys.revoke',
    writes: true,
    run: ({ apiKeys }, { subject }) => partOf(apiKeys).revoke(subject.tag, keyOf(subject).id, at),
  },
  {
    name: 'apiKeys.touch',
    // Not if there is no such key.
    writes: false,
    run: ({ apiKeys }, { subject }) => partOf(apiKeys).touch(subject.tag, keyOf(subject).id, at),
  },
  {
    name: 'documents.read',
    writes: false,
    run: ({ documents }) => partOf(documents).read(['some', 'others']),
  },
  {
    name: 'documents.swap',
    writes: true,
    run: ({ documents }) =>
      partOf(documents).swap({ name: randomUUID(), ifVersion: 0, body: 'a', dropped: ['some'] }),
  },
  {
    name: 'documents.change',
    writes: true,
    run: ({ documents }) =>
      partOf(documents).change({
        ...{ name: 'unwritten', ifVersion: 0, set: randomUUID(), member: 'a', isIn: true, most: 5 },
      }),
  },
  {
    name: 'documents.members',
    writes: false,
    run: ({ documents }) => partOf(documents).members('some', ['a']),
  },
  { name: 'keys.read', writes: false, run: ({ keys }) => keys.read() },
  {
    name: 'keys.swap',
    writes: true,
    async run({ keys }) {
      const read = await keys.read()
      return read.kind === 'read' ? keys.swap([{ kid: randomUUID(), sealed: 'sealed' }], read.version) : read
    },
  },
]

/** What each question was answered with, all asked at once. */
export async function answers(
  store: Store,
  cast: Cast,
  asked: readonly Asking[] = askings,
): Promise<Record<string, string>> {
  const kinds = await Promise.all(
    asked.map(async ({ name, run }) => [name, (await run(store, cast)).kind] as const),
  )
  return Object.fromEntries(kinds)
}

/** That answer to all of them. */
export function allAnswer(kind: string, asked: readonly Asking[] = askings): Record<string, string> {
  return Object.fromEntries(asked.map(({ name }) => [name, kind]))
}

/** What they are answered with when all is well. */
export const WELL: Record<string, string> = {
  open: 'opened',
  rotate: 'rotated',
  'rotate, a theft': 'reused',
  elevate: 'elevated',
  bindKey: 'bound',
  end: 'ended',
  "end, another issuer's": 'absent',
  endSubject: 'ended',
  erase: 'erased',
  list: 'listed',
  revoke: 'revoked',
  assert: 'asserted',
  pull: 'pulled',
  marks: 'marks',
  claim: 'claimed',
  renew: 'renewed',
  check: 'live',
  read: 'read',
  'counters.attempt': 'counted',
  'counters.takeBack': 'taken_back',
  'counters.block': 'blocked',
  'counters.forget': 'forgotten',
  'activity.append': 'appended',
  'activity.read': 'read',
  'sightings.note': 'noted',
  'sightings.read': 'read',
  'once.mark': 'first',
  'once.look': 'unseen',
  'apiKeys.create': 'created',
  'apiKeys.read': 'unknown',
  'apiKeys.list': 'listed',
  'apiKeys.revoke': 'revoked',
  'apiKeys.touch': 'noted',
  'documents.read': 'read',
  'documents.swap': 'swapped',
  'documents.change': 'noted',
  'documents.members': 'read',
  'keys.read': 'read',
  'keys.swap': 'swapped',
}
