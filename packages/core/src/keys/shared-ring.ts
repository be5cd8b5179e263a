import type { Clock, Random } from '../ports/clock.ts'
import type { KeyStore, RingEntry } from '../ports/keys.ts'
import type { SigningAlgorithm } from '../ports/signer.ts'
import { generateSigningKey } from './jwk/jwk.ts'
import { type FoundKey, foundIn, type KeyInfo, type KeyRing, type RingWatch } from './ring.ts'
import { type RingSnapshot, snapshotOf } from './ring-snapshot.ts'
import { createRingState } from './ring-state.ts'
import { PUBLISHED_BEFORE_MS, scheduleAt } from './schedule.ts'
import type { KeySeal, ScheduledKey } from './seal.ts'

export interface SharedRingSettings {
  /** The algorithm of new keys. */
  readonly alg: SigningAlgorithm
  /** How long a key signs before the next one does. */
  readonly rotateEveryMs: number
  /** Keys that must stay out of use, whatever the store holds. */
  readonly compromised: readonly string[]
}

export interface SharedRingParts {
  readonly clock: Clock
  readonly random: Random
  readonly watch: RingWatch
}

const RELOAD_EVERY_MS = 1000
/** The ring is also read at this interval, because announcements of changes may be lost. */
const REREAD_EVERY_MS = 10_000
const TICK_MS = 500
/** Nodes start a due rotation at different times within this period, so that usually only one of them makes a key. */
const JITTER_MS = 30_000

/** What a step has to change, in addition to what is due anyway. */
interface Change {
  readonly rotate?: boolean
  readonly compromise?: string
  /** The store lost data, so the keys that are known here are put back. */
  readonly putBack?: boolean
}

/** One step on the store, which may need several attempts to swap the ring. */
interface Step {
  readonly change: Change
  /**
   * Whether no step of this node has succeeded yet. If so, keys that are sealed under an earlier secret are resealed,
   * and a key is made if the configured algorithm has changed.
   */
  readonly isFirst: boolean
  /** The key that an attempt made. The next attempt uses it again. */
  made: ScheduledKey | undefined
}

/**
 * A ring in the store, shared by all nodes.
 *
 * A node that finds something due (no key yet, a rotation, an expired key) drafts the ring as it should be and swaps it
 * for the ring that it read. Of several nodes, one succeeds; the others start again from its result and find nothing to
 * do. Because the swap is atomic, a node that crashes leaves no partial change.
 */
export function createSharedRing(
  store: KeyStore,
  seal: KeySeal,
  { alg, rotateEveryMs, compromised }: SharedRingSettings,
  { clock, random, watch }: SharedRingParts,
): KeyRing {
  const known = createRingState(seal, watch.notice, { compromised, at: clock.now() })
  const jitter = ((random(1)[0] ?? 0) / 256) * JITTER_MS
  let snapshot = snapshotOf(known.members(), clock.now())
  let loading: Promise<boolean> | undefined
  let puttingBack: Promise<boolean> | undefined
  let loadedAt = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  /**
   * When the compromised key that was active had started to sign. A key that started earlier must not become active.
   */
  let minSignsFrom = Number.NEGATIVE_INFINITY
  let ticking: NodeJS.Timeout | undefined
  let lastStep: Promise<unknown> = Promise.resolve()

  function current(): RingSnapshot {
    const now = clock.now()
    const isOutdated = now >= snapshot.schedule.until || now < snapshot.takenAt
    if (isOutdated) snapshot = snapshotOf(known.members(), now)
    return snapshot
  }

  /** Runs one step after the other, so that each starts from the result of the previous one. */
  function inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = lastStep.then(step)
    lastStep = result.catch(() => {})
    return result
  }

  /**
   * Drafts the ring as it should be and swaps it in, until the store holds it. Resolves to whether the store answered.
   */
  async function reconcile(step: Step): Promise<boolean> {
    for (;;) {
      const draft = await draftFor(step)
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

  /** The entries that the ring should have; `undefined` if it has them. */
  async function draftFor(step: Step): Promise<readonly RingEntry[] | undefined> {
    const now = clock.now()
    const { rotate = false, compromise } = step.change
    if (compromise !== undefined) distrust(compromise)
    const kept = scheduleAt(known.members(), now).keys.filter(({ state }) => state !== 'gone')
    const pending = kept.find(({ state }) => state === 'pending')?.key
    const active = kept.find(({ state }) => state === 'active')?.key
    const members = kept.map(({ key }) => key)
    const options = { reseal: step.isFirst }

    if (active === undefined || active.signsFrom < minSignsFrom) {
      // Tokens are needed now, so the next key signs at once, although caches do not have it yet.
      const signsFrom = Math.max(now, minSignsFrom)
      const next = pending === undefined ? await makeKey(step, signsFrom) : { ...pending, signsFrom }
      return known.draft([...members.filter((key) => key !== pending), next], options)
    }
    const hasOtherAlgorithm = step.isFirst && active.alg !== alg
    if (pending === undefined && (rotate || hasOtherAlgorithm || now >= successorDueAt(active)))
      members.push(await makeKey(step, now + PUBLISHED_BEFORE_MS))
    return known.draft(members, options)
  }

  async function makeKey(step: Step, signsFrom: number): Promise<ScheduledKey> {
    const key = step.made ?? (await generateSigningKey(alg))
    step.made = { ...key, signsFrom }
    return step.made
  }

  /** When the successor of a key must be published. */
  function successorDueAt({ signsFrom }: ScheduledKey): number {
    return signsFrom + rotateEveryMs - PUBLISHED_BEFORE_MS + jitter
  }

  /** Takes a compromised key out of use on this node. Returns whether the compromise is news. */
  function distrust(kid: string): boolean {
    const found = current().schedule.keys.find(({ key }) => key.kid === kid)
    if (found?.state === 'active') minSignsFrom = found.key.signsFrom
    const isNews = known.distrust(kid, clock.now())
    snapshot = snapshotOf(known.members(), clock.now())
    return isNews
  }

  /** Reads the ring and changes what has to be changed. Resolves to whether the store answered. */
  function load(change: Change): Promise<boolean> {
    return inTurn(async () => {
      askedAt = clock.monotonic()
      const reading = await store.read()
      if (reading.kind === 'unavailable') return false
      await known.adopt(reading, { storeForgot: change.putBack })
      snapshot = snapshotOf(known.members(), clock.now())
      const isFirst = loadedAt === Number.NEGATIVE_INFINITY
      if (!(await reconcile({ change, isFirst, made: undefined }))) return false
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

  async function findInStore(kid: string): Promise<FoundKey> {
    const loaded = await loadOnce()
    const found = foundIn(current().byKid, kid)
    return found.kind === 'unknown' && !loaded ? { kind: 'unavailable' } : found
  }

  /** Whether something is due: a key, or the removal of one. */
  function needsStep(): boolean {
    const { keys } = current().schedule
    const [latest] = keys
    const isKeyDue = latest === undefined || clock.now() >= successorDueAt(latest.key)
    return isKeyDue || keys.some(({ state }) => state === 'gone')
  }

  function tick(): void {
    const elapsedMs = clock.monotonic() - askedAt
    if (elapsedMs >= REREAD_EVERY_MS || (elapsedMs >= RELOAD_EVERY_MS && needsStep())) void loadOnce()
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
      return findInStore(kid)
    },
    published: () => current().jwks,
    list: () => current().schedule.keys.map(({ key, state }) => infoOf(key, state)),
    async rotate() {
      if (!(await load({ rotate: true }))) return { kind: 'unavailable' }
      const [latest] = current().schedule.keys
      return latest === undefined
        ? { kind: 'unavailable' }
        : { kind: 'pending', key: infoOf(latest.key, latest.state) }
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
      // A step that is already running may have read the ring before the store forgot it, so this is a step of its own.
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
