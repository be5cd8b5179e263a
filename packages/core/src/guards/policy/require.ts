import { namedBy } from '../../access/known-token.ts'
import { createOutage } from '../../dependencies/outage.ts'
import { ConfigError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Auth } from '../../seam/auth.ts'
import { type Caller, type Callers, userAgentOf } from '../../seam/caller.ts'
import type { RequestView } from '../../seam/http.ts'
import type { Required } from '../../watch/audit/required.ts'
import type { Callbacks } from '../../watch/callbacks.ts'
import type { Emit } from '../../watch/events.ts'
import type { Guard, GuardVerdict } from '../guard.ts'
import { rolesOf } from '../role.ts'
import { createDecide } from './decide.ts'
import type { PolicyDecision, PolicyEngine, PolicyRequest, PolicyResource } from './engine.ts'
import { type FoundResource, MISSING, type ResourceOf, readerOf, UNREADABLE } from './resource.ts'

export interface PolicySettings {
  readonly engine: PolicyEngine
  readonly timeoutMs: number
  /** Which permits are events. Everything else always is. */
  readonly permits: 'all' | 'none'
}

export interface PolicyParts {
  /** `undefined` if there is no engine. */
  readonly policies: PolicySettings | undefined
  readonly required: Required
  readonly callbacks: Callbacks
  readonly emit: Emit
  readonly callers: Callers
  readonly notice: (message: string) => void
  readonly clock: Clock
}

export type RequirePolicy = (action: string, resource: PolicyResource | ResourceOf) => Guard

const NAME = 'requirePolicy'
/** How long an engine must have failed at nothing before a notice says that it is back. */
const QUIET_MS = 10_000
const PASSED: GuardVerdict = { kind: 'pass' }
const DENIED: GuardVerdict = { kind: 'refuse', problem: 'access_denied' }
const UNWRITTEN: GuardVerdict = { kind: 'refuse', problem: 'audit_unavailable' }
const UNDECIDED: GuardVerdict = { kind: 'refuse', problem: 'policy_unavailable' }

/**
 * Makes the guard that asks the policy engine. It throws a `ConfigError` if there is none, and a `TypeError` for what is
 * no action and no resource.
 */
export function createPolicyGuards(parts: PolicyParts): RequirePolicy {
  const { policies, required, callbacks, emit, callers, notice, clock } = parts
  if (policies === undefined)
    return () => {
      throw new ConfigError('policies', {
        sentence: `${NAME} needs the option "policies": set policies: { engine }`,
      })
    }
  const { engine, timeoutMs, permits } = policies
  const back = `the policy engine ${engine.name} decides again`
  const outage = createOutage({ back, quietMs: QUIET_MS, now: () => clock.monotonic(), notice })
  const decide = createDecide(engine, timeoutMs, outage)

  return (action, given) => {
    if (typeof action !== 'string' || action === '')
      throw new TypeError(`${NAME}: name the action, such as "document:edit"`)
    const resourceFor = readerOf(action, given, callbacks)

    function judge(
      auth: Auth,
      view: RequestView,
      caller: Caller,
      resource: FoundResource,
    ): GuardVerdict | Promise<GuardVerdict> {
      const tell = (event: PolicyEvent): void =>
        emit({ ...event, ...aboutOf(auth, action, resource) }, caller)
      function verdictOn(decision: PolicyDecision | undefined): GuardVerdict {
        if (decision === undefined) {
          tell({ event: 'decision.degraded', outcome: 'failure', reason: 'policy_unavailable' })
          return UNDECIDED
        }
        const isPermitted = decision.kind === 'permit'
        if (!isPermitted || permits === 'all') tell(eventOf(decision))
        return isPermitted ? PASSED : DENIED
      }

      if (resource === UNREADABLE) {
        tell({ event: 'decision.degraded', outcome: 'failure', reason: 'resource_unavailable' })
        return UNDECIDED
      }
      if (resource === MISSING) return verdictOn({ kind: 'deny', reason: 'resource_missing' })
      const decision = decide(requestOf(auth, view, caller, action, resource, clock))
      return decision instanceof Promise ? decision.then(verdictOn) : verdictOn(decision)
    }

    function decideOn(auth: Auth, view: RequestView): GuardVerdict | Promise<GuardVerdict> {
      // Before the resource is read: a client that hangs up meanwhile has no address any more.
      const caller = callers.of(view)
      const resource = resourceFor(auth, view)
      return resource instanceof Promise
        ? resource.then((found) => judge(auth, view, caller, found))
        : judge(auth, view, caller, resource)
    }
    return required.decision(decideOn, () => UNWRITTEN)
  }
}

function requestOf(
  auth: Auth,
  view: RequestView,
  { ip }: Caller,
  action: string,
  resource: PolicyResource,
  clock: Clock,
): PolicyRequest {
  const { issuer, own, subject, session, client, scopes, claims } = auth
  const id = namedBy(auth, subject)
  return {
    principal: { id, issuer, own, subject, session, client, roles: rolesOf(auth), scopes, claims },
    action,
    resource,
    environment: {
      time: new Date(clock.now()).toISOString(),
      ip,
      method: view.method,
      path: view.target.split('?', 1)[0] ?? '',
      userAgent: userAgentOf(view),
    },
  }
}

/** What an event tells besides whom and what it is about. */
type PolicyEvent =
  | { readonly event: 'decision.degraded'; readonly outcome: 'failure'; readonly reason: string }
  | ({ readonly event: 'policy.permitted'; readonly outcome: 'success' } & Decisive)
  | ({ readonly event: 'policy.denied'; readonly outcome: 'failure'; readonly reason: string } & Decisive)

interface Decisive {
  readonly policy?: string
  readonly decision_id?: string
}

function eventOf({ kind, policy, id, reason = 'access_denied' }: PolicyDecision): PolicyEvent {
  const decisive = {
    ...(policy === undefined ? {} : { policy }),
    ...(id === undefined ? {} : { decision_id: id }),
  }
  return kind === 'permit'
    ? { event: 'policy.permitted', outcome: 'success', ...decisive }
    : { event: 'policy.denied', outcome: 'failure', reason, ...decisive }
}

interface About {
  readonly sub: string
  readonly sid?: string
  readonly jti?: string
  readonly action: string
  readonly resource?: string
  readonly resource_id?: string
}

/** Names as revocations have them, so that nobody takes a user of another issuer for one of ours. */
function aboutOf(auth: Auth, action: string, resource: FoundResource): About {
  const sid = namedBy(auth, auth.session)
  const jti = namedBy(auth, auth.claims.jti)
  const { type, id } = typeof resource === 'object' ? resource : {}
  return {
    sub: namedBy(auth, auth.subject),
    ...(sid === undefined ? {} : { sid }),
    ...(jti === undefined ? {} : { jti }),
    action,
    ...(type === undefined ? {} : { resource: type }),
    ...(id === undefined ? {} : { resource_id: id }),
  }
}
