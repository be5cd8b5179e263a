import type { PolicyDecision, PolicyEngine, PolicyRequest } from '@sallyport/core/sink'
import { PolicyEngineError } from '../error.ts'
import { type CerbosOptions, parseCerbos } from '../options.ts'
import { ask, memberOf, stringOr } from './ask.ts'

const ENGINE = 'Cerbos'
/** Cerbos takes no principal without a role, and no resource without an id. */
const NO_ROLE = 'none'
const NO_ID = '*'
/** What Cerbos says where no policy has a rule. */
const NO_MATCH = 'NO_MATCH'

/**
 * Makes an engine that asks a Cerbos server over HTTP.
 *
 * The principal has the caller's id and roles, or the role `none`; its attributes are `issuer`, `own`, `subject`,
 * `session`, `client`, `scopes`, `claims` and `environment`. The resource has its type as its kind, and its id, or `*`.
 * Events tell the policy that matched, and `cerbosCallId`, by which Cerbos's log has the decision.
 *
 * Follows no redirects and reads at most 64 KiB. Throws a `ConfigError` for a wrong option.
 *
 * @see [the API](https://docs.cerbos.dev/cerbos/latest/api/)
 */
export function cerbos(options: CerbosOptions): PolicyEngine {
  const { url, token } = parseCerbos(options)
  const remote = { engine: ENGINE, url: `${url.replace(/\/$/, '')}/api/check/resources`, token }
  return {
    name: ENGINE,
    async decide(request, signal) {
      return decisionIn(await ask(remote, questionOf(request), signal()), request)
    },
  }
}

function questionOf({ principal, action, resource, environment }: PolicyRequest): object {
  const { id, roles, ...attr } = principal
  return {
    includeMeta: true,
    principal: {
      id,
      roles: roles.length === 0 ? [NO_ROLE] : [...new Set(roles)],
      attr: { ...attr, environment },
    },
    resources: [
      {
        resource: { kind: resource.type, id: idOf(resource), attr: resource.attributes ?? {} },
        actions: [action],
      },
    ],
  }
}

const idOf = ({ id }: PolicyRequest['resource']): string => (id === undefined || id === '' ? NO_ID : id)

function decisionIn(answer: unknown, { action, resource }: PolicyRequest): PolicyDecision {
  const results = memberOf(answer, 'results')
  const [result] = Array.isArray(results) ? results : []
  const about = memberOf(result, 'resource')
  const effect = memberOf(memberOf(result, 'actions'), action)
  const isAnswer = memberOf(about, 'kind') === resource.type && memberOf(about, 'id') === idOf(resource)
  if (!isAnswer || (effect !== 'EFFECT_ALLOW' && effect !== 'EFFECT_DENY'))
    throw new PolicyEngineError(ENGINE, 'answered with no decision')
  const matched = stringOr(
    memberOf(memberOf(memberOf(memberOf(result, 'meta'), 'actions'), action), 'matchedPolicy'),
  )
  const id = stringOr(memberOf(answer, 'cerbosCallId'))
  if (effect === 'EFFECT_ALLOW') return { kind: 'permit', policy: matched, id }
  return matched === undefined || matched === NO_MATCH
    ? { kind: 'deny', reason: 'no_policy', id }
    : { kind: 'deny', policy: matched, id }
}
