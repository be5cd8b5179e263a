import { UnavailableError } from '@sallyport/core'
import {
  type Begun,
  begunBy,
  type Caller,
  type StatementFault,
  type StatementReader,
} from '@sallyport/core/adapter'
import type { DoAct } from './act.ts'
import { faultOf, mostTelling, type SetFault } from './fault.ts'
import { type ReceivedEvent, type ReceivedSet, readSet } from './set.ts'
import type { OnSignal, Signal, SignalVerdict } from './signal.ts'
import { type Concerned, type Resolving, resolve } from './subject.ts'

export type Taken =
  | { readonly kind: 'taken' }
  /** `why` is a code for the audit trail. */
  | { readonly kind: 'refused'; readonly fault: SetFault; readonly why: string }
  /** The store, the sender's keys or the application can't answer now. The same token may come again. */
  | { readonly kind: 'unavailable'; readonly of: 'store' | 'issuer' }

/**
 * Takes a security event token: verifies it, and does what it says. A token that came before is answered as the first
 * time (RFC 8935, section 2.2), and does what it says only if that was not done yet: then it ends nothing that began after
 * it was issued.
 *
 * @param from whose tokens are accepted here
 */
export type TakeSet = (jwt: string, from: readonly StatementReader[], caller: Caller) => Promise<Taken>

export interface TakeParts extends Resolving {
  readonly act: DoAct
  readonly onSignal: OnSignal | undefined
  readonly notice: (message: string) => void
}

/** A token as it came this time. */
interface Delivery {
  readonly issuer: string
  readonly begun: Exclude<Begun, { readonly kind: 'unavailable' }>
  readonly caller: Caller
}

interface Meant {
  readonly event: ReceivedEvent
  readonly concerned: Concerned
}

export function createTake(parts: TakeParts): TakeSet {
  const { act, onSignal, notice } = parts
  const told = new Set<string>()

  /** Callbacks of the application may fail in any way; that is told once. */
  function tell(name: string, cause: unknown): void {
    const what = `${name} failed with ${cause instanceof Error ? cause.name : typeof cause}`
    if (!told.has(what)) notice(`${what}; this is told once`)
    told.add(what)
  }

  async function ask(signal: Signal): Promise<SignalVerdict> {
    try {
      const verdict = await onSignal?.(signal)
      return verdict === 'ignore' || verdict === 'invalid_state' ? verdict : undefined
    } catch (cause) {
      tell('the function "signals.receive.onSignal"', cause)
      return undefined
    }
  }

  /** Whom each event means; `undefined` if the application could not say. */
  async function meant(set: ReceivedSet, from: string): Promise<readonly Meant[] | undefined> {
    try {
      return await Promise.all(
        set.events.map(async (event) => ({
          event,
          concerned: event.subject === undefined ? {} : await resolve(event.subject, from, parts),
        })),
      )
    } catch (cause) {
      tell('the function "signals.receive.subjectOf"', cause)
      return undefined
    }
  }

  async function follow(
    { event, concerned }: Meant,
    set: ReceivedSet,
    { issuer, begun, caller }: Delivery,
  ): Promise<SignalVerdict> {
    const { type, claims, effect, subject: about, happenedAt } = event
    const { subject, session } = concerned
    const at = happenedAt === undefined ? undefined : happenedAt * 1000
    const repeated = begun.kind !== 'first'
    const signal = { issuer, id: set.jti, type, claims, subject, session, about, happenedAt: at, repeated }
    const verdict = await ask(signal)
    if (verdict === undefined && begun.kind !== 'done')
      await act({ effect, concerned, until: untilOf(event, begun), caller })
    return verdict
  }

  return async (jwt, from, caller) => {
    const verified = await verifyBy(from, jwt)
    if (verified.kind !== 'genuine') return verified
    const { reader, claims, usableUntil } = verified
    const reading = readSet(claims)
    if (reading.kind === 'malformed') {
      const fault = { err: 'invalid_request', description: reading.say } as const
      return { kind: 'refused', fault, why: 'claims' }
    }
    const { set } = reading
    const events = await meant(set, reader.issuer)
    if (events === undefined) return { kind: 'unavailable', of: 'store' }
    const statement = { jti: set.jti, issuedAt: set.issuedAt, usableUntil }
    const begun = await reader.begin(statement)
    if (begun.kind === 'unavailable') return { kind: 'unavailable', of: 'store' }
    const delivery = { issuer: reader.issuer, begun, caller }
    try {
      for (const one of events)
        if ((await follow(one, set, delivery)) === 'invalid_state') {
          const description = 'the state is not the expected one'
          return { kind: 'refused', fault: { err: 'invalid_state', description }, why: 'state' }
        }
      // Without it, the next repetition would do everything again.
      const finished = begun.kind === 'done' ? begun : await reader.finish(statement)
      return finished.kind === 'unavailable' ? { kind: 'unavailable', of: 'store' } : { kind: 'taken' }
    } catch (cause) {
      if (cause instanceof UnavailableError) return { kind: 'unavailable', of: 'store' }
      throw cause
    }
  }
}

type Verified =
  | {
      readonly kind: 'genuine'
      readonly reader: StatementReader
      readonly claims: Readonly<Record<string, unknown>>
      readonly usableUntil: number
    }
  | Exclude<Taken, { readonly kind: 'taken' }>

/** Only the signature tells whose a token is, so every sender's rule is tried. */
async function verifyBy(from: readonly StatementReader[], jwt: string): Promise<Verified> {
  const faults: StatementFault[] = []
  let isUnsure = false
  for (const reader of from) {
    const reading = await reader.verify(jwt)
    if (reading.kind === 'genuine') return { ...reading, reader }
    if (reading.kind === 'unavailable') isUnsure = true
    else faults.push(reading.why)
  }
  if (isUnsure) return { kind: 'unavailable', of: 'issuer' }
  const why = mostTelling(faults)
  return { kind: 'refused', fault: faultOf(why), why }
}

/**
 * Sessions that began later are not meant. An event that does not say when it happened means all there are. When it is tried
 * again, it means those that began before the token was issued: users may have signed in again since.
 */
function untilOf({ happenedAt }: ReceivedEvent, begun: Delivery['begun']): number {
  const happened = happenedAt === undefined ? Number.POSITIVE_INFINITY : begunBy(happenedAt)
  return begun.kind === 'again' ? Math.min(happened, begun.until) : happened
}
