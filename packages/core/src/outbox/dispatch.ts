import type { Clock } from '../ports/clock.ts'
import type { DeadLetter, OutboxStore } from '../ports/optional/outbox.ts'
import { createPause, PAUSES_MS } from './backoff.ts'
import { type Courier, createCourier, type Ended } from './courier.ts'
import { createMissed } from './missed.ts'
import type { PushReceiver } from './receiver.ts'
import { newStanding, type Standing } from './standing.ts'

/** Sends messages while this process has the right to, which it gives up when nothing is left to do. */
export interface Dispatch {
  /** There is something new to send, or somebody new to send to. */
  wake(): void
  /** Waits shortly for what is under way, and gives the right to send to others. */
  close(): Promise<void>
}

export interface DispatchParts {
  readonly store: OutboxStore
  /** Tells this process from all others. */
  readonly holder: string
  readonly receivers: ReadonlyMap<string, PushReceiver>
  /** Those that come and ask, with the kinds of messages that each wants. */
  readonly polled: ReadonlyMap<string, ReadonlySet<string>>
  /** The names of all receivers, also of those that come and ask. */
  readonly names: () => readonly string[]
  readonly giveUpMs: number
  readonly died: (letter: DeadLetter) => void
  readonly clock: Clock
}

/** How long a process that was killed keeps others from sending. */
const LEASE_MS = 5000
const RENEW_AFTER_MS = 1500
/** While it sends, it looks this often for what others have appended. */
const HEADS_EVERY_MS = 250
/** What a process appended that was killed before it could send it, others find within this time. */
const LOOK_EVERY_MS = 10_000
const LOOK_AFTER_OUTAGE_MS = 1000
/** A process that reaches nobody for so long lets another one try, since the fault may be its own. */
const BARREN_MS = 5000
/** How long it leaves others the right to send. They ask each second. */
const ASIDE_MS = 1200
/** How long `close` waits for what is under way. */
const CLOSING_MS = 1000

export function createDispatch(parts: DispatchParts): Dispatch {
  const { store, holder, receivers, polled, clock } = parts
  let closed = false
  let isAwaited = false
  let isNudged = false
  let running: Promise<void> | undefined
  const idle = createPause()
  const resting = createPause()
  let looking: NodeJS.Timeout | undefined
  /** An attempt has failed, and none has reached a receiver since. */
  let isBarren = false
  const standings = new Map<string, Standing>()
  /** Since when this process has the right to send; it lasts from then on. */
  let claimedAt = Number.NEGATIVE_INFINITY
  const maySend = (): boolean => clock.monotonic() - claimedAt < LEASE_MS
  const missed = createMissed({ ...parts, maySend })

  function lookIn(milliseconds: number): void {
    clearTimeout(looking)
    if (!closed) looking = setTimeout(() => void look(), milliseconds).unref()
  }

  async function look(): Promise<void> {
    const outcome = await store.heads()
    const isSomething = outcome.kind === 'heads' && outcome.heads.size > 0
    if (isSomething && (receivers.size > 0 || missed.isDue())) begin()
    else if (outcome.kind === 'heads' && !isSomething) forget()
    // When it has sent what there is, it looks again by itself.
    if (running === undefined) lookIn(outcome.kind === 'heads' ? LOOK_EVERY_MS : LOOK_AFTER_OUTAGE_MS)
  }

  function wake(): void {
    if (receivers.size > 0) begin()
    else if (polled.size > 0 && looking === undefined) lookIn(LOOK_EVERY_MS)
  }

  function begin(): void {
    if (closed) return
    isAwaited = true
    idle.end()
    running ??= run().finally(() => {
      running = undefined
      if (isAwaited) begin()
    })
  }

  /** Nothing waits, so no failure matters any longer. */
  function forget(): void {
    standings.clear()
    isBarren = false
  }

  /** Waits, but not once there is something to do. */
  const pause = (milliseconds: number): Promise<void> =>
    isNudged || isAwaited ? Promise.resolve() : idle.wait(milliseconds)
  /** Waits, whatever there is to do, but not once this is closed. */
  const rest = (milliseconds = 0): Promise<void> => (closed ? Promise.resolve() : resting.wait(milliseconds))

  async function run(): Promise<void> {
    let isAway = false
    for (let refusals = 0; !closed && refusals < PAUSES_MS.length; ) {
      isAwaited = false
      const asked = clock.monotonic()
      const claim = await store.claim(holder, LEASE_MS, clock.now())
      isAway = claim.kind === 'unavailable'
      if (isAway) break
      if (claim.kind === 'claimed') {
        refusals = 0
        const end = await work(asked)
        if (end === 'aside') await rest(ASIDE_MS)
        else if (end === 'done' && !isAwaited) break
        continue
      }
      // Whoever has the right reads on, but may have looked for the last time.
      await rest(PAUSES_MS[refusals++])
      const left = await store.heads()
      if (left.kind === 'heads' && left.heads.size === 0 && !isAwaited) break
    }
    lookIn(isAway ? LOOK_AFTER_OUTAGE_MS : LOOK_EVERY_MS)
  }

  /** Sends until nothing is left, until somebody else may have the right to, or until somebody else is to try. */
  async function work(since: number): Promise<'done' | 'lost' | 'aside'> {
    let end: 'done' | 'lost' | 'aside' = 'lost'
    const couriers = new Map<string, Courier>()
    let heads: ReadonlyMap<number, string> = new Map()
    let headsAt = Number.NEGATIVE_INFINITY
    let areKnown = false
    claimedAt = since
    let reachedAt = since
    let isUnable = false
    /** What was still under way to receivers that this process is no longer to send to. */
    const retired: Promise<void>[] = []

    function addCourier(receiver: PushReceiver): void {
      const standing = standings.get(receiver.name) ?? newStanding()
      standings.set(receiver.name, standing)
      const courier = createCourier({ ...parts, receiver, standing, maySend, ended })
      couriers.set(receiver.name, courier)
      for (const lane of heads.keys()) courier.look(lane)
    }

    const stop = (courier: Courier, waitMs: number): Promise<void> =>
      courier.stop(waitMs).then(courier.settle)

    function retireOthers(): void {
      for (const [name, courier] of couriers)
        if (!receivers.has(name)) {
          couriers.delete(name)
          retired.push(stop(courier, CLOSING_MS))
        }
    }

    /** An attempt has ended, so that there is something to tell the store. */
    function ended(how: Ended): void {
      isBarren = how !== 'reached'
      if (how === 'reached') reachedAt = clock.monotonic()
      if (how === 'unable') isUnable = true
      isNudged = true
      idle.end()
    }

    /** Whether another process is to try. No attempt is cut short for that, unless there is always one under way. */
    function isForOthers(): boolean {
      const barrenMs = isBarren ? clock.monotonic() - reachedAt : 0
      const isBusy = [...couriers.values()].some((courier) => courier.isBusy())
      return isUnable || barrenMs >= (isBusy ? 2 * BARREN_MS : BARREN_MS)
    }

    /** Whether this process may still send. */
    async function keepRight(): Promise<boolean> {
      const asked = clock.monotonic()
      if (asked - claimedAt < RENEW_AFTER_MS) return true
      const claim = await store.claim(holder, LEASE_MS, clock.now())
      // If it may have been without the right meanwhile, another process may have sent what this one has read.
      const wasKept = maySend()
      if (claim.kind === 'claimed') claimedAt = asked
      return claim.kind !== 'taken' && wasKept
    }

    async function readHeads(): Promise<void> {
      headsAt = clock.monotonic()
      const outcome = await store.heads()
      areKnown = outcome.kind === 'heads'
      if (outcome.kind === 'unavailable') return
      for (const [lane, head] of outcome.heads)
        if (heads.get(lane) !== head) for (const courier of couriers.values()) courier.look(lane)
      heads = outcome.heads
    }

    while (!closed && (await keepRight())) {
      if (isForOthers()) {
        end = 'aside'
        break
      }
      retireOthers()
      for (const [name, receiver] of receivers) if (!couriers.has(name)) addCourier(receiver)
      const all = [...couriers.values()]
      if (isAwaited || clock.monotonic() - headsAt >= HEADS_EVERY_MS) {
        isAwaited = false
        await readHeads()
      }
      isNudged = false
      await Promise.all(all.map((courier) => courier.settle().then(courier.load)))
      for (const courier of all) courier.send()
      if (areKnown && missed.isDue()) await missed.look(heads.keys())
      if (areKnown && !isAwaited && !missed.isDue() && all.every((courier) => courier.isIdle())) {
        end = 'done'
        forget()
        break
      }
      const next = Math.min(...all.map((courier) => courier.nextAt())) - clock.monotonic()
      await pause(Math.min(HEADS_EVERY_MS, Math.max(1, next)))
    }
    const all = [...couriers.values()]
    await Promise.all([
      ...retired,
      ...all.map((courier) => stop(courier, end === 'lost' && !closed ? 0 : CLOSING_MS)),
    ])
    claimedAt = Number.NEGATIVE_INFINITY
    await store.release(holder)
    return end
  }

  return {
    wake,
    async close() {
      closed = true
      clearTimeout(looking)
      idle.end()
      resting.end()
      await running
    },
  }
}
