import type { Session } from '@sallyport/core'
import type {
  BindKeyOutcome,
  KeyProof,
  RetryKey,
  RotationOutcome,
  SessionId,
  Store,
} from '@sallyport/core/store'
import { expect } from 'vitest'
import {
  bindingOf,
  boundKeyOf,
  CELL,
  isRevoked,
  madeKey,
  NOTHING,
  newId,
  newSubject,
  ofKind,
  opening,
  rotation,
  ruleOf,
  START,
  type Subject,
  sentKey,
} from './fixtures.ts'
import { Model } from './rotation.model.ts'
import {
  BODY_NAME,
  type KeyName,
  NAMES,
  type Name,
  type ProofName,
  type Seen,
  type Step,
  type Story,
  VERSION,
} from './rotation.story.ts'

const transportOf = (name: Name) => (name === BODY_NAME ? 'body' : 'cookie')

/** Plays a story to a store and to the model, and compares all that is seen of both, step by step. */
export async function play(store: Store, story: Story): Promise<void> {
  const { rules, steps, keyed } = story
  const subject = newSubject()
  const ids = NAMES.map(() => newId(subject)) as [SessionId, SessionId, SessionId]
  const model = new Model(rules)
  let now = START
  for (const name of NAMES) {
    now++
    const grant = { transport: transportOf(name) } as const
    await store.sessions.open(opening(subject, { id: ids[name], grant, at: now, lifetimes: rules, keyed }))
    model.open(name, { body: name === BODY_NAME, version: VERSION, keyed }, now)
  }
  const latest: [number, number, number] = [1, 1, 1]
  const scene: Scene = { store, subject, ids, rules }

  for (const [index, step] of steps.entries()) {
    for (const name of NAMES) latest[name] = model.lines.get(name)?.generation ?? latest[name]
    if (step.do === 'move') {
      now += step.byMs
      continue
    }
    const generation = 'behind' in step ? Math.max(1, latest[step.name] - step.behind) : 0
    const seen = await act(scene, step, generation, now)
    const foreseen = foresee(model, step, generation, now)
    expect(seen, `step ${index} of ${JSON.stringify(story)}`).toEqual(foreseen)
  }
  for (const name of NAMES)
    expect(await isRevoked(store, ids[name], subject.tag), `${name} of ${JSON.stringify(story)}`).toBe(
      model.revoked.has(name),
    )
}

interface Scene {
  readonly store: Store
  readonly subject: Subject
  readonly ids: readonly [SessionId, SessionId, SessionId]
  readonly rules: Story['rules']
}
type Acting = Exclude<Step, { do: 'move' }>

/** One step, as the store takes it. */
async function act(scene: Scene, step: Acting, generation: number, at: number): Promise<unknown> {
  const { store, ids, rules, subject } = scene
  const nameOf = (id: SessionId): number => ids.indexOf(id)
  const all = { tag: subject.tag, at, lifetimes: rules }
  switch (step.do) {
    case 'present': {
      const { fits, same, known, version, caller, name, key, proof } = step
      const client = caller === 'unsaid' ? {} : { client: caller === 'other client' ? 'other' : 'web' }
      const isOther = caller === 'other transport'
      const transport = (name === BODY_NAME) !== isOther ? 'body' : 'cookie'
      return seenOf(
        await store.sessions.rotate({
          ...rotation({ id: ids[name] }, { generation, at, lifetimes: rules, ...client }),
          transport,
          bindings: [bindingOf([fits ? 1 : 2, same ? 1 : 2, known ? 1 : 2], version)],
          driftRule: ruleOf({ enforced: CELL.first, stepUp: CELL.third }),
          graceMs: rules.graceMs,
          key: keyOf(key),
          keyProof: proofOf(proof),
        }),
      )
    }
    case 'bind key': {
      const { name, key } = step
      const asked = { id: ids[name], key: boundKeyOf(key, at), at, lifetimes: rules, known: NOTHING }
      return seenOf(await store.sessions.bindKey(asked))
    }
    case 'see in use':
      await store.sessions.confirm({ id: ids[step.name], generation })
      return undefined
    case 'end': {
      // Whose session it was is no part of the story.
      const { kind } = await store.sessions.end({ id: ids[step.name], at, evenIfAbsent: false })
      return { kind }
    }
    case 'end all but': {
      const except = step.kept === undefined ? {} : { except: ids[step.kept] }
      const outcome = ofKind(await store.sessions.endSubject({ ...all, ...except }), 'ended')
      return { ended: outcome.sessions.map(nameOf).sort(), kept: outcome.kept?.generation }
    }
    case 'list': {
      const { sessions } = ofKind(await store.sessions.list(all), 'listed')
      return sessions.map((one: Session) => [nameOf(one.id), one.generation])
    }
  }
}

function proofOf(name: ProofName): KeyProof | undefined {
  if (name === 'unasked') return undefined
  return name === 'none' ? {} : { jkt: boundKeyOf(name, 0).jkt }
}

function keyOf(name: KeyName): RetryKey | undefined {
  switch (name) {
    case 'none':
      return undefined
    case 'new':
      return madeKey()
    case 'repeated':
      return { ...sentKey(name), sent: false }
    case 'sent A':
    case 'sent B':
      return sentKey(name)
  }
}

/** The same step, as the model takes it. */
function foresee(model: Model, step: Acting, generation: number, now: number): unknown {
  switch (step.do) {
    case 'present': {
      const own = step.caller === 'own' || step.caller === 'unsaid'
      return model.present(step.name, { ...step, own, generation }, now)
    }
    case 'bind key':
      return model.bindKey(step.name, step.key, now)
    case 'see in use':
      return model.seeInUse(step.name, generation)
    case 'end':
      return model.end(step.name)
    case 'end all but': {
      const ended = model.live(now).filter((name) => name !== step.kept)
      return { ended, kept: model.endAllBut(step.kept, now) }
    }
    case 'list':
      // The latest sign-in first; the names are in the order of the sign-ins.
      return model
        .live(now)
        .sort((a, b) => b - a)
        .map((name) => [name, model.lines.get(name)?.generation])
  }
}

function seenOf(outcome: RotationOutcome | BindKeyOutcome): Seen {
  return {
    kind: outcome.kind,
    ...('session' in outcome ? { generation: outcome.session.generation } : {}),
    ...('drift' in outcome ? { drift: outcome.drift } : {}),
    ...('rolledBack' in outcome ? { rolledBack: outcome.rolledBack } : {}),
  }
}
