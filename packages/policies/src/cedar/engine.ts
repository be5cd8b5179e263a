import { createHash } from 'node:crypto'
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'
import { ConfigError, type PolicyDecision, type PolicyEngine, type PolicyRequest } from '@sallyport/core/sink'
import { PolicyEngineError } from '../error.ts'
import { loadEngine } from '../load.ts'
import { type CedarEntity, type CedarName, type CedarOptions, parseCedar } from '../options.ts'
import { readPolicies, validate } from './policies.ts'
import { cedarRecord } from './values.ts'

const ENGINE = 'Cedar'
const TYPE = /^[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*$/

/**
 * Makes an engine that decides by policies in Cedar, in this process and without a promise. It needs the package
 * `@cedar-policy/cedar-wasm`.
 *
 * The caller is `User::"<id>"`, in a `Role` for each role, with the attributes `id`, `issuer`, `own`, `subject`,
 * `session`, `client`, `roles`, `scopes` and `claims`. The action is `Action::"<action>"`. The resource has its own type, id and
 * attributes. The context has `time` (a `datetime`), `ip` (an `ipaddr`), `method`, `path` and `userAgent`.
 *
 * Whole numbers are `Long`, others `decimal`; `null` is left out. A request with a value that Cedar has no form for is
 * undecided, and so is one that a policy permits while another one, which might forbid it, fails.
 *
 * Rejects with a `ConfigError` for a wrong option, for policies that cannot be read or do not fit the schema, and if the
 * package is not installed.
 */
export async function cedar(options: CedarOptions): Promise<PolicyEngine> {
  const { policies, schema, entities = [] } = parseCedar(options)
  const module = await loadEngine(
    'cedar',
    '@cedar-policy/cedar-wasm',
    () => import('@cedar-policy/cedar-wasm/nodejs'),
  )
  const read = readPolicies(module, policies)
  if (schema !== undefined) validate(module, read, schema)
  const known = entitiesByName(module, entities)
  // Cedar keeps parsed policies by a name, for all engines of the process: equal policies have the same.
  const preparsedPolicySetId = createHash('sha256').update(JSON.stringify(read.named)).digest('base64url')
  const parsed = module.preparsePolicySet(preparsedPolicySetId, { staticPolicies: read.named })
  if (parsed.type === 'failure')
    throw new ConfigError('cedar.policies', 'policies that Cedar can keep together')

  return {
    name: ENGINE,
    decide(request) {
      const asked = { principal: principalOf(request, known), resource: resourceOf(request, known) }
      const own = [asked.principal, ...(asked.resource === undefined ? [] : [asked.resource])]
      const answer = module.statefulIsAuthorized({
        principal: asked.principal.uid,
        action: { type: 'Action', id: request.action },
        resource: nameOfResource(request),
        context: contextOf(request),
        preparsedPolicySetId,
        entities: merged(known, own),
      })
      if (answer.type === 'failure') throw new PolicyEngineError(ENGINE, 'could not read the request')
      return decisionOf(answer.response, read.forbids)
    },
  }
}

function decisionOf({ decision, diagnostics }: Cedar.Response, forbids: ReadonlySet<string>): PolicyDecision {
  const { reason, errors } = diagnostics
  const failed = errors.map(({ policyId }) => policyId)
  const policy = reason.join(', ')
  if (decision === 'allow') {
    // Cedar leaves out a policy that fails, even one that forbids.
    const ignored = failed.find((name) => forbids.has(name))
    if (ignored !== undefined)
      throw new PolicyEngineError(
        ENGINE,
        `could not evaluate the policy ${JSON.stringify(ignored)}, which might forbid what others permit`,
      )
    return { kind: 'permit', policy }
  }
  if (reason.length > 0) return { kind: 'deny', policy }
  return failed.length > 0
    ? { kind: 'deny', reason: 'policy_error', policy: failed.join(', ') }
    : { kind: 'deny', reason: 'no_policy' }
}

type Entities = ReadonlyMap<string, Cedar.EntityJson>

const keyOf = ({ type, id }: CedarName): string => `${type}::${JSON.stringify(id)}`

function entitiesByName(module: typeof Cedar, given: readonly CedarEntity[]): Entities {
  const entities = given.map(
    ({ uid, attrs = {}, parents = [] }) => ({ uid, attrs, parents }) as Cedar.EntityJson,
  )
  const checked = module.checkParseEntities({ entities })
  if (checked.type === 'failure')
    throw new ConfigError('cedar.entities', {
      sentence: `"cedar.entities" cannot be read: ${checked.errors[0]?.message ?? 'Cedar does not say why'}`,
    })
  return new Map(entities.map((entity) => [keyOf(entity.uid as CedarName), entity]))
}

/** An entity of the request takes the place of one that was given at start. */
function merged(known: Entities, own: readonly Cedar.EntityJson[]): Cedar.EntityJson[] {
  if (known.size === 0) return [...own]
  return [...new Map([...known, ...own.map((one) => [keyOf(one.uid as CedarName), one] as const)]).values()]
}

function principalOf({ principal }: PolicyRequest, known: Entities): Cedar.EntityJson {
  const { id, roles } = principal
  const uid = { type: 'User', id }
  return {
    uid,
    attrs: cedarRecord(principal),
    parents: [
      ...roles.map((role) => ({ type: 'Role', id: role })),
      ...(known.get(keyOf(uid))?.parents ?? []),
    ],
  }
}

function nameOfResource({ resource: { type, id = '' } }: PolicyRequest): CedarName {
  if (!TYPE.test(type))
    throw new PolicyEngineError(ENGINE, 'takes no type of a resource but a name such as Document')
  return { type, id }
}

/** `undefined` where the request tells nothing of it: what was given at start then counts. */
function resourceOf(request: PolicyRequest, known: Entities): Cedar.EntityJson | undefined {
  const uid = nameOfResource(request)
  const { attributes } = request.resource
  if (attributes === undefined) return undefined
  return { uid, attrs: cedarRecord(attributes), parents: known.get(keyOf(uid))?.parents ?? [] }
}

function contextOf({ environment: { time, ip, ...rest } }: PolicyRequest): Cedar.Context {
  return {
    ...cedarRecord(rest),
    time: { __extn: { fn: 'datetime', arg: time } },
    ...(ip === undefined ? {} : { ip: { __extn: { fn: 'ip', arg: ip } } }),
  }
}
