import type { Random } from '../../ports/clock.ts'
import { isSessionId } from '../../ports/ids.ts'
import { isForeignName } from '../../ports/revocations.ts'
import type { Caller } from '../../seam/caller.ts'
import type { Callbacks } from '../callbacks.ts'
import type { SallyportEvent } from '../event.ts'
import type { Emit } from '../events.ts'
import type { AnomalyRule, Finding } from '../rules/rule.ts'
import type { Alert, OnAlert } from './alert.ts'
import type { Risk } from './risk.ts'
import type { Webhook } from './webhook.ts'

/** Does what follows from a finding. */
export interface Responses {
  /** Raises the alert. Does not wait for those who are told. */
  tell(rule: AnomalyRule, event: SallyportEvent, finding: Finding): void
  /**
   * Ends the session that the event names, adds to its risk, or locks the account of its user, if the rule says so.
   * Resolves when the store has been told.
   */
  act(rule: AnomalyRule, event: SallyportEvent): Promise<void>
}

/** Ends a session: the one step of the domain that does. */
export type EndSession = (
  session: string,
  ending: { readonly reason: string; readonly caller: Caller },
) => Promise<{ readonly kind: string }>

/** Locks an account for strangers: the one step of the lockout that does. */
export type LockAccount = (locking: {
  readonly name: string
  readonly subject: string
  readonly reason: string
  readonly caller: Caller
}) => Promise<{ readonly kind: string }>

export interface ResponsesParts {
  readonly onAlert: OnAlert | undefined
  readonly webhook: Webhook | undefined
  readonly risk: Risk
  readonly endSession: EndSession
  readonly lockAccount: LockAccount
  readonly emit: Emit
  readonly callbacks: Callbacks
  readonly notice: (message: string) => void
  readonly random: Random
}

const ID_BYTES = 16

export function createResponses(parts: ResponsesParts): Responses {
  const { webhook, risk, endSession, lockAccount, emit, callbacks, notice, random } = parts
  const onAlert = parts.onAlert && callbacks.guarded('the option "anomalies.onAlert"', parts.onAlert)

  function pass({ name, severity = 'warning' }: AnomalyRule, event: SallyportEvent, finding: Finding): void {
    const alert: Alert = Object.freeze({
      id: Buffer.from(random(ID_BYTES)).toString('base64url'),
      ...{ time: event.time, rule: name, severity, summary: finding.summary },
      // A listener may change an event that it is given.
      event: Object.freeze({ ...event }),
    })
    onAlert?.(alert)
    webhook?.send(alert)
  }

  async function end(session: string, reason: string, event: SallyportEvent): Promise<void> {
    const outcome = await endSession(session, { reason, caller: callerOf(event) })
    if (outcome.kind === 'unavailable')
      notice(`a session that the rule "${reason}" should end lives on, since the store does not answer`)
  }

  async function lockOut(subject: string, reason: string, event: SallyportEvent): Promise<void> {
    const outcome = await lockAccount({ name: '', subject, reason, caller: callerOf(event) })
    if (outcome.kind === 'unavailable')
      notice(`an account that the rule "${reason}" should lock is open, since the store does not answer`)
  }

  return {
    tell(rule, event, finding) {
      emit({ event: 'alert.raised', outcome: 'success', reason: rule.name, ...concerned(event) })
      if (rule.alert ?? true) pass(rule, event, finding)
    },
    async act({ name, revoke = false, lock = false, risk: points = 0 }, event) {
      const { sub } = event
      // What follows from a lock would lock again, which tells of the next, without end.
      const locks = lock && event.event !== 'account.locked'
      // A token of another issuer may name a session, which is none of ours.
      const sid = event.sid !== undefined && isSessionId(event.sid) ? event.sid : undefined
      await Promise.all([
        points > 0 && sid !== undefined ? risk.add(sid, name, points) : undefined,
        revoke && sid !== undefined ? end(sid, name, event) : undefined,
        locks && sub !== undefined && !isForeignName(sub) ? lockOut(sub, name, event) : undefined,
      ])
    },
  }
}

function callerOf({ ip, user_agent, request_id }: SallyportEvent): Caller {
  return { ip, user_agent, request_id }
}

/** Whom or what an event concerns, and which request it was. */
type Concerned = Pick<
  Partial<SallyportEvent>,
  'sub' | 'sid' | 'jti' | 'client_id' | 'ip' | 'user_agent' | 'request_id'
>

function concerned(event: SallyportEvent): Concerned {
  const { sub, sid, jti, client_id, ip, user_agent, request_id } = event
  const all = { sub, sid, jti, client_id, ip, user_agent, request_id }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}
