import type { Outage } from '../../dependencies/outage.ts'
import { patiently } from '../../dependencies/patience.ts'
import { SallyportError } from '../../errors.ts'
import { isThenable } from '../../thenable.ts'
import type { PolicyDecision, PolicyEngine, PolicyRequest } from './engine.ts'

/** `undefined`: the engine did not decide. */
type Decided = PolicyDecision | undefined

/** Asks an engine. Returns a promise only if the engine does. Never throws, never rejects, and never hangs. */
export type Decide = (request: PolicyRequest) => Decided | Promise<Decided>

/** @param timeoutMs how long a promise of the engine is waited for */
export function createDecide(engine: PolicyEngine, timeoutMs: number, outage: Outage): Decide {
  function fail(why: string): undefined {
    outage.failed(`the policy engine ${engine.name} ${why}: what it should decide is refused with 503`)
  }
  const failWith = (cause: unknown): undefined => fail(`failed: ${sayOf(cause)}`)

  function checked(decision: PolicyDecision): Decided {
    try {
      const { kind, policy, id, reason } = Object(decision) as Partial<PolicyDecision>
      const texts = [policy, id, reason]
      if ((kind === 'permit' || kind === 'deny') && texts.every(isText)) {
        outage.served()
        return { kind, policy, id, reason }
      }
    } catch (cause) {
      return failWith(cause)
    }
    return fail('returned no decision')
  }

  function within(promised: PromiseLike<PolicyDecision>, giveUp: () => void): Promise<Decided> {
    return new Promise((resolve) => {
      const settled = patiently(timeoutMs, () => {
        resolve(fail(`did not answer within ${timeoutMs} ms`))
        giveUp()
      })
      void Promise.resolve(promised).then(checked, failWith).then(resolve).finally(settled)
    })
  }

  return (request) => {
    // Most engines in this process never ask for it.
    let abort: AbortController | undefined
    const asked = (): AbortController => {
      abort ??= new AbortController()
      return abort
    }
    try {
      const decision = engine.decide(request, () => asked().signal)
      return isThenable(decision) ? within(decision, () => asked().abort()) : checked(decision)
    } catch (cause) {
      return failWith(cause)
    }
  }
}

const isText = (given: unknown): boolean => given === undefined || typeof given === 'string'

/** The message of an application's own error may have anything in it. */
function sayOf(cause: unknown): string {
  if (cause instanceof SallyportError) return cause.message
  return cause instanceof Error ? cause.name : typeof cause
}
