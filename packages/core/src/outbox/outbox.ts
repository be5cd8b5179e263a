import { ConfigError } from '../errors.ts'
import type { Clock, Random } from '../ports/clock.ts'
import { type DeadLetter, MOST_BODY_BYTES, type OutboxStore } from '../ports/optional/outbox.ts'
import type { Emit } from '../watch/events.ts'
import { createDispatch, type Dispatch } from './dispatch.ts'
import { createPolling } from './polling.ts'
import type { Outbox, PushReceiver, Subscription } from './receiver.ts'

export interface OutboxSettings {
  /** How long a message is tried before it is given up. */
  readonly giveUpMs: number
}

export interface OutboxParts {
  /** `undefined`: there is no outbox. */
  readonly settings: OutboxSettings | undefined
  readonly store: OutboxStore | undefined
  readonly emit: Emit
  readonly clock: Clock
  readonly random: Random
}

/** The outbox, with what the library alone calls. */
export interface OwnOutbox extends Outbox {
  /** A step of the store may have appended something. */
  wake(): void
  close(): Promise<void>
}

const ENROLL_AGAIN_MS = 1000

/** Throws a `ConfigError` if the store lacks what the option needs. */
export function createOutbox(parts: OutboxParts): OwnOutbox {
  const { settings, store } = parts
  if (settings === undefined) return NONE
  if (store === undefined)
    throw new ConfigError('outbox', {
      sentence: '"outbox" needs a store that keeps messages, such as memoryStore or redisStore',
    })
  return startOutbox(settings, store, parts)
}

function startOutbox(
  { giveUpMs }: OutboxSettings,
  store: OutboxStore,
  { emit, clock, random }: OutboxParts,
): OwnOutbox {
  const pushed = new Map<string, PushReceiver>()
  /** Those to whom this process sends nothing: they come and ask, or are held. */
  const polled = new Map<string, ReadonlySet<string>>()
  const names = new Set<string>()
  const reserved = new Set<string>()
  const holder = Buffer.from(random(16)).toString('base64url')
  let closed = false

  function died({ receiver, kind, subject, session, reason }: DeadLetter): void {
    emit({
      ...{ event: 'delivery.failed', outcome: 'failure', reason, action: kind },
      ...{ resource: 'receiver', resource_id: receiver },
      ...(subject === undefined ? {} : { sub: subject }),
      ...(session === undefined ? {} : { sid: session }),
    })
  }

  const common = { store, names: () => [...names], giveUpMs, died, clock }
  const dispatch: Dispatch = createDispatch({ ...common, holder, receivers: pushed, polled })

  function take(name: string, from: Set<string>): void {
    if (from.has(name)) throw new TypeError(`the outbox has a receiver "${name}" already`)
    from.add(name)
  }
  const add = (name: string): void => take(name, names)

  async function enroll(name: string): Promise<void> {
    while (!closed) {
      const outcome = await store.enroll(name)
      if (outcome.kind === 'enrolled') return dispatch.wake()
      await new Promise((resolve) => setTimeout(resolve, ENROLL_AGAIN_MS).unref())
    }
  }

  return {
    async append({ kind, subject, session, body = '' }) {
      if (Buffer.byteLength(body) > MOST_BODY_BYTES)
        throw new RangeError(`the body of a message has more than ${MOST_BODY_BYTES} bytes`)
      const draft = { kind, subject, body, ...(session === undefined ? {} : { session }) }
      const outcome = await store.append(draft, clock.now())
      dispatch.wake()
      return outcome
    },
    push(receiver) {
      add(receiver.name)
      void enroll(receiver.name)
      pushed.set(receiver.name, receiver)
    },
    reserve: (name) => take(name, reserved),
    subscribe(name, kinds): Subscription {
      add(name)
      polled.set(name, kinds)
      return {
        async begin() {
          const at = clock.now()
          const outcome = await store.enroll(name)
          return outcome.kind === 'unavailable' ? outcome : { kind: 'begun', at }
        },
        send(receiver) {
          polled.delete(name)
          pushed.set(name, { ...receiver, name })
          dispatch.wake()
        },
        hold() {
          pushed.delete(name)
          polled.set(name, kinds)
        },
        rest() {
          pushed.delete(name)
          polled.delete(name)
        },
        polled: createPolling({ ...common, name, kinds }),
        end() {
          names.delete(name)
          pushed.delete(name)
          polled.delete(name)
          // If the store is away, it forgets the receiver by itself after a while.
          void store.dismiss(name)
        },
      }
    },
    poll(name, kinds) {
      add(name)
      void enroll(name)
      polled.set(name, kinds)
      return createPolling({ ...common, name, kinds })
    },
    deadLetters: () => store.deadLetters(),
    wake: dispatch.wake,
    close() {
      closed = true
      return dispatch.close()
    },
  }
}

function refuse(): never {
  throw new ConfigError('outbox', {
    sentence: '"outbox" is required: give an object, such as outbox: {}, so that messages are kept',
  })
}

/** A deployment that tells nobody anything. */
const NONE: OwnOutbox = {
  append: refuse,
  push: refuse,
  poll: refuse,
  reserve: refuse,
  subscribe: refuse,
  deadLetters: () => Promise.resolve({ kind: 'read', letters: [] }),
  wake() {},
  close: () => Promise.resolve(),
}
