import { ConfigError, type PolicyDecision, type PolicyEngine } from '@sallyport/core/sink'
import { loadEngine } from '../load.ts'
import { type CelConditions, parseCel } from '../options.ts'
import { celValue } from './values.ts'

type Variables = Record<string, unknown>
type Condition = (variables: Variables) => unknown

/**
 * Makes an engine that decides by one condition in CEL for each action, in this process and without a promise. It needs
 * the package `@marcbachmann/cel-js`.
 *
 * A condition sees `principal`, `action`, `resource` and `environment`, as a `PolicyRequest` has them; `time` is a
 * `timestamp`, and whole numbers are `int`. It permits if it is `true`. It denies if it is `false`, if it cannot be
 * evaluated, for example because an attribute is missing (`has(resource.attributes.owner)` asks), and for an action
 * without a condition.
 *
 * Rejects with a `ConfigError` for what is no condition, such as `cel.document:edit`, and if the package is not
 * installed.
 *
 * @example
 * ```ts
 * import { createSallyport } from '@sallyport/express'
 * import { cel } from '@sallyport/policies'
 *
 * const engine = await cel({
 *   'document:edit': "'editor' in principal.roles || resource.attributes.owner == principal.id",
 * })
 * const { requirePolicy } = await createSallyport({ policies: { engine } })
 * ```
 *
 * @see [the language](https://github.com/cel-expr/cel-spec/blob/master/doc/langdef.md)
 */
export async function cel(conditions: CelConditions): Promise<PolicyEngine> {
  const given = parseCel(conditions)
  const { Environment } = await loadEngine(
    'cel',
    '@marcbachmann/cel-js',
    () => import('@marcbachmann/cel-js'),
  )
  const environment = new Environment()
    .registerVariable('principal', 'map')
    .registerVariable('action', 'string')
    .registerVariable('resource', 'map')
    .registerVariable('environment', 'map')
  const compiled = new Map<string, Condition>()
  for (const [action, condition] of Object.entries(given)) {
    const option = `cel.${action}`
    const checked = environment.check(condition)
    if (!checked.valid)
      throw new ConfigError(option, {
        sentence: `"${option}" is not a condition in CEL: ${firstLine(checked.error)}`,
      })
    if (checked.type !== 'bool' && checked.type !== 'dyn')
      throw new ConfigError(option, `a condition, which is true or false`, `one that gives ${checked.type}`)
    compiled.set(action, environment.parse(condition))
  }
  /** All requests with the same token share its claims. */
  const claimsSeen = new WeakMap<object, unknown>()
  function claimsOf(claims: object): unknown {
    const known = claimsSeen.get(claims)
    if (known !== undefined) return known
    const made = celValue(claims)
    claimsSeen.set(claims, made)
    return made
  }

  return {
    name: 'CEL',
    decide(request) {
      const { principal, action, resource, environment: about } = request
      const condition = compiled.get(action)
      if (condition === undefined) return { kind: 'deny', reason: 'no_policy' }
      return decisionOf(action, condition, {
        principal: { ...principal, claims: claimsOf(principal.claims) },
        action,
        resource: { ...resource, attributes: celValue(resource.attributes ?? {}) },
        environment: { ...about, time: new Date(about.time) },
      })
    },
  }
}

function decisionOf(policy: string, condition: Condition, variables: Variables): PolicyDecision {
  try {
    const value = condition(variables)
    if (typeof value === 'boolean') return { kind: value ? 'permit' : 'deny', policy }
  } catch {
    // What it lacks is for the condition to ask; the caller is not permitted.
  }
  return { kind: 'deny', reason: 'policy_error', policy }
}

const firstLine = (error: Error | undefined): string => error?.message.split('\n')[0] ?? ''
