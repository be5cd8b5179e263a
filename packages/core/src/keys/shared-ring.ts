import type { Clock, Random } from '../ports/clock.ts'
import type { KeyStore, RingEntry } from '../ports/keys.ts'
import type { SigningAlgorithm } from '../ports/signer.ts'
import { generateSigningKey } from './jwk.ts'
import { type FoundKey, foundIn, type KeyInfo, type KeyRing, type RingWatch } from './ring.ts'
import { type RingSnapshot, snapshotOf } from './ring-snapshot.ts'
import { createRingState } from './ring-state.ts'
import { PUBLISHED_BEFORE_MS, scheduleAt } from './schedule.ts'
import type { KeySeal, ScheduledKey } from './seal.ts'

export interface SharedRingSettings {
  /** Of new keys. */
  readonly alg: SigningAlgorithm
  /** How long a key signs until the next one does. */
  readonly rotateEveryMs: number
}

export interface SharedRingParts {
  readonly clock: Clock
  readonly random: Random
  readonly watch: RingWatch
}

const RELOAD_EVERY_MS = 1000
/** News of changes may be lost. */
const REREAD_EVERY_MS = 10_000
const TICK_MS = 250
/** Nodes begin a rotation so much apart at most, so that mostly one of them makes a key. */
const JITTER_MS = 30_000

/** What is to be changed besides what is always put right. */
interface Wish {
  readonly rotate?: boolean
  readonly compromise?: string
  /** The store lost what it held: what is known here is put back. */
  readonly putBack?: boolean
}

/** What one step on the store found out and made on its way. */
interface Step {
  readonly wish: Wish
  /** The first that succeeds: keys sealed under an earlier secret are sealed anew, another algorithm gets its key. */
  readonly renew: boolean
  made: ScheduledKey | undefined
}

/**
 * A ring in the store, shared by all nodes. Who finds it wanting (no key yet, a rotation due, a key gone)
 * makes the ring that there should be and swaps it for the one that was read: of several nodes one does,
 * the others begin again from what that one left, and find nothing to do. A node that dies has changed
 * nothing or everything.
 */
export function createSharedRing(
  store: KeyStore,
  seal: KeySeal,
  { alg, rotateEveryMs }: SharedRingSettings,
  { clock, random, watch }: SharedRingParts,
): KeyRing {
  const known = createRingState(seal, watch.notice)
  const jitter = ((random(1)[0] ?? 0) / 256) * JITTER_MS
  let snapshot = snapshotOf(known.members(), clock.now())
  let loading: Promise<boolean> | undefined
  let puttingBack: Promise<boolean> | undefined
  let loadedAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  /** From when on a key signed that is compromised: the one that signs now must be a later one. */
  let lostSince = Number.NEGATIVE_INFINITY
  let ticking: NodeJS.Timeout | undefined
  let lastStep: Promise<unknown> = Promise.resolve()

  function current(): RingSnapshot {
    const now = clock.now()
    if (now >= snapshot.schedule.until || now < snapshot.from) snapshot = snapshotOf(known.members(), now)
    return snapshot
  }

  /** One change after the other: each begins from what the one before left. */
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = lastStep.then(step)
    lastStep = result.catch(() => {})
    return result
  }

  /** Swaps the ring for the one that there should be, until that is the one that there is. */
  async function putRight(step: Step): Promise<boolean> {
    for (;;) {
      const draft = await draftOf(step)
      if (draft === undefined) break
      const outcome = await store.swap(draft, known.version())
      if (outcome.kind === 'unavailable') return false
      await known.adopt(outcome.ring)
      snapshot = snapshotOf(known.members(), clock.now())
      if (outcome.kind === 'swapped' && step.made !== undefined && snapshot.byKid.has(step.made.kid)) {
        watch.rotated(step.made.kid)
        step.made = undefined
      }
    }
    for (const { key, state } of snapshot.schedule.keys) if (state === 'gone') known.drop(key.kid)
    snapshot = snapshotOf(known.members(), clock.now())
    return true
  }

  /** The entries that there should be; nothing when they are there. */
  async function draftOf(step: Step): Promise<readonly RingEntry[] | undefined> {
    const now = clock.now()
    const { rotate = false, compromise } = step.wish
    if (compromise !== undefined) distrust(compromise)
    const kept = scheduleAt(known.members(), now).keys.filter(({ state }) => state !== 'gone')
    const pending = kept.find(({ state }) => state === 'pending')?.key
    const active = kept.find(({ state }) => state === 'active')?.key
    const members = kept.map(({ key }) => key)

    if (active === undefined || active.signsFrom < lostSince) {
      // Tokens are needed now, and nobody can know a key before it is there.
      const signsFrom = Math.max(now, lostSince)
      const next = pending === undefined ? await make(step, signsFrom) : { ...pending, signsFrom }
      return known.draft([...members.filter((key) => key !== pending), next], step.renew)
    }
    const isOther = step.renew && active.alg !== alg
    if (pending === undefined && (rotate || isOther || now >= dueAfter(active)))
      members.push(await make(step, now + PUBLISHED_BEFORE_MS))
    return known.draft(members, step.renew)
  }

  async function make(step: Step, signsFrom: number): Promise<ScheduledKey> {
    const key = step.made ?? (await generateSigningKey(alg))
    step.made = { ...key, signsFrom }
    return step.made
  }

  /** When the key that is to follow must be published. */
  function dueAfter({ signsFrom }: ScheduledKey): number {
    return signsFrom + rotateEveryMs - PUBLISHED_BEFORE_MS + jitter
  }

  /** Answers whether it was news. */
  function distrust(kid: string): boolean {
    const found = current().schedule.keys.find(({ key }) => key.kid === kid)
    if (found?.state === 'active') lostSince = found.key.signsFrom
    const isNews = known.distrust(kid, clock.now())
    snapshot = snapshotOf(known.members(), clock.now())
    return isNews
  }

  function load(wish: Wish): Promise<boolean> {
    return inTurn(async () => {
      askedAt = clock.monotonic()
      const read = await store.read()
      if (read.kind === 'unavailable') return false
      await known.adopt(read, wish.putBack)
      snapshot = snapshotOf(known.members(), clock.now())
      const renew = loadedAt === Number.NEGATIVE_INFINITY
      if (!(await putRight({ wish, renew, made: undefined }))) return false
      loadedAt = clock.monotonic()
      return true
    })
  }

  function loadOnce(): Promise<boolean> {
    loading ??= load({}).finally(() => {
      loading = undefined
    })
    return loading
  }

  async function look(kid: string): Promise<FoundKey> {
    const loaded = await loadOnce()
    const found = foundIn(current().byKid, kid)
    return found.kind === 'unknown' && !loaded ? { kind: 'unavailable' } : found
  }

  /** Whether something is to be done that only a step on the store can do. */
  function isWanting(): boolean {
    const { schedule } = current()
    const newest = schedule.keys[0]?.key
    const isDue = newest === undefined || clock.now() >= dueAfter(newest)
    return isDue || schedule.keys.some(({ state }) => state === 'gone')
  }

  function tick(): void {
    const since = clock.monotonic() - askedAt
    if (since >= REREAD_EVERY_MS || (since >= RELOAD_EVERY_MS && isWanting())) void loadOnce()
  }

  return {
    async start() {
      await loadOnce()
      store.onChange(() => void loadOnce())
      ticking = setInterval(tick, TICK_MS).unref()
    },
    signer() {
      const { signer } = current()
      if (signer === undefined) void loadOnce()
      return signer
    },
    find(kid) {
      const found = foundIn(current().byKid, kid)
      if (found.kind === 'found' || clock.monotonic() - loadedAt < RELOAD_EVERY_MS) return found
      return look(kid)
    },
    published: () => current().jwks,
    list: () => current().schedule.keys.map(({ key, state }) => infoOf(key, state)),
    async rotate() {
      if (!(await load({ rotate: true }))) return { kind: 'unavailable' }
      const next = current().schedule.keys[0]
      return next === undefined
        ? { kind: 'unavailable' }
        : { kind: 'pending', key: infoOf(next.key, next.state) }
    },
    async compromise(kid) {
      if (!(await load({ compromise: kid }))) return { kind: 'unavailable' }
      watch.compromised(kid)
      return { kind: 'compromised' }
    },
    distrust(kid) {
      if (distrust(kid)) void loadOnce()
    },
    putBack() {
      // One that runs already may have read before the store forgot.
      puttingBack ??= load({ putBack: true }).finally(() => {
        puttingBack = undefined
      })
      return puttingBack
    },
    async ready() {
      return current().signer !== undefined || ((await loadOnce()) && current().signer !== undefined)
    },
    close: () => clearInterval(ticking),
  }
}

function infoOf({ kid, alg, signsFrom }: ScheduledKey, state: KeyInfo['state']): KeyInfo {
  return { kid, alg, state, signsFrom }
}
