import {
  RETRY_KEY_BYTES,
  type Rotation,
  type RotationOutcome,
  type Store,
  tagOfSession,
} from '@sallyport/core/store'
import { boundKeyOf, madeKey, NOTHING } from './fixtures.ts'

/** A store with one fault. */
export interface WrongStore {
  readonly fault: string
  around(store: Store): Store
}

const withSessions = (store: Store, faulty: Partial<Store['sessions']>): Store => ({
  ...store,
  sessions: { ...store.sessions, ...faulty },
})

/** Changes what the store is asked. */
const asking = (fault: string, change: (given: Rotation) => Rotation): WrongStore => ({
  fault,
  around: (store) => withSessions(store, { rotate: (given) => store.sessions.rotate(change(given)) }),
})

/** Changes what the store answers. */
const answering = (fault: string, change: (outcome: RotationOutcome) => RotationOutcome): WrongStore => ({
  fault,
  around: (store) =>
    withSessions(store, { rotate: async (given) => change(await store.sessions.rotate(given)) }),
})

/** Knows the current generations, and takes the one before the previous for the previous. */
function lenientToGrandparents(store: Store): Store {
  const current = new Map<string, number>()
  return withSessions(store, {
    async rotate(given) {
      const isGrandparent = given.generation === (current.get(given.id) ?? 1) - 2
      const generation = isGrandparent ? given.generation + 1 : given.generation
      const outcome = await store.sessions.rotate({ ...given, generation })
      if ('session' in outcome) current.set(given.id, outcome.session.generation)
      return outcome
    },
  })
}

/** Puts a session back that a theft had ended. */
function forgiving(store: Store): Store {
  return withSessions(store, {
    async rotate(given) {
      const outcome = await store.sessions.rotate(given)
      if (outcome.kind !== 'reused') return outcome
      const { session } = outcome
      const [binding] = given.bindings
      if (binding === undefined) return outcome
      const { id, createdAt: at } = session
      const { lifetimes } = given
      const tag = tagOfSession(id)
      await store.sessions.open({
        id,
        tag,
        grant: session,
        binding,
        at,
        lifetimes,
        known: NOTHING,
        sessionLimit: 0,
        keyed: false,
      })
      return outcome
    },
  })
}

const SAME = new Uint8Array(RETRY_KEY_BYTES)

/** Faults that the model must find. */
export const wrongStores: readonly WrongStore[] = [
  { fault: 'converges for grandparents', around: lenientToGrandparents },
  {
    fault: 'forgets what was confirmed',
    around: (store) => withSessions(store, { confirm: async () => ({ kind: 'noted' }) }),
  },
  {
    fault: 'takes any generation that is seen in use for the current one',
    around: (store) =>
      withSessions(store, {
        confirm: ({ id, generation }) => {
          void store.sessions.confirm({ id, generation })
          return store.sessions.confirm({ id, generation: generation + 1 })
        },
      }),
  },
  { fault: 'forgives theft', around: forgiving },
  asking('gives a millisecond of grace too much', (given) => ({ ...given, graceMs: given.graceMs + 1 })),
  asking('gives no grace', (given) => ({ ...given, graceMs: 0 })),
  asking('takes every attempt for one of its own', (given) => ({ ...given, key: madeKey() })),
  asking('takes every attempt for the same', (given) => ({ ...given, key: { bytes: SAME, sent: false } })),
  asking('does not see who made a key', ({ key, ...given }) =>
    key === undefined ? given : { ...given, key: { ...key, sent: false } },
  ),
  answering('says nothing of a contest', (outcome) =>
    outcome.kind === 'contested' ? { ...outcome, kind: 'converged' } : outcome,
  ),
  asking('goes on from a lost write in the strict mode', (given) => ({
    ...given,
    graceMs: given.graceMs || -1,
  })),
  asking('does not look at the device', ({ driftRule, ...given }) => ({
    ...given,
    driftRule: { ...driftRule, enforced: 0 },
  })),
  asking('asks for no step-up', ({ driftRule, ...given }) => ({
    ...given,
    driftRule: { ...driftRule, stepUp: 0 },
  })),
  asking('ends a session for which a step-up would do', ({ driftRule, ...given }) => ({
    ...given,
    driftRule: { ...driftRule, enforced: driftRule.enforced | driftRule.stepUp },
  })),
  asking('does not look at the client', ({ client: _, ...rest }) => rest),
  asking('expires a millisecond late', ({ lifetimes, ...rest }) => ({
    ...rest,
    lifetimes: { ...lifetimes, idleMs: lifetimes.idleMs + 1 },
  })),
  answering('says nothing of a drift', (outcome) =>
    outcome.kind === 'rotated' ? { ...outcome, drift: 0 } : outcome,
  ),
  answering('says nothing of a lost write', (outcome) =>
    outcome.kind === 'rotated' ? { ...outcome, rolledBack: false } : outcome,
  ),
  answering('takes theft for a stranger', (outcome) =>
    outcome.kind === 'reused' ? { kind: 'unknown' } : outcome,
  ),
  asking('asks for no key', (given) => ({ ...given, keyProof: undefined })),
  asking('always asks for the key', (given) => ({ ...given, keyProof: given.keyProof ?? {} })),
  asking('takes one key for another', ({ keyProof, ...given }) => ({
    ...given,
    keyProof: keyProof?.jkt === undefined ? keyProof : { jkt: boundKeyOf('A', 0).jkt },
  })),
  {
    fault: 'asks for a key a millisecond late',
    around: (store) =>
      withSessions(store, {
        bindKey: ({ key, ...given }) =>
          store.sessions.bindKey({ ...given, key: { ...key, boundAt: key.boundAt + 1 } }),
      }),
  },
  {
    fault: 'takes a second key for the first',
    around: (store) =>
      withSessions(store, {
        bindKey: async (given) => {
          const outcome = await store.sessions.bindKey(given)
          const reading = outcome.kind === 'taken' ? await store.sessions.read(given.id) : outcome
          return 'session' in reading ? { kind: 'bound', session: reading.session } : { kind: 'taken' }
        },
      }),
  },
  {
    fault: 'spares nobody',
    around: (store) =>
      withSessions(store, {
        endSubject: ({ except: _, ...ending }) => store.sessions.endSubject(ending),
      }),
  },
]
