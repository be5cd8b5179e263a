import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs'
import { ConfigError } from '@sallyport/core/sink'

export interface CedarPolicies {
  /** Their sources, by their names. */
  readonly named: Readonly<Record<string, string>>
  /** The names of those that forbid. */
  readonly forbids: ReadonlySet<string>
}

/**
 * Names the policies of a text by their annotation `@id`, or as Cedar does, by their number: `policy0`. Throws a
 * `ConfigError` for what is no policy, for a template, and for two policies of one name.
 */
export function readPolicies(cedar: typeof Cedar, text: string): CedarPolicies {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure') throw wrong('policies', text, parts.errors)
  if (parts.policy_templates.length > 0)
    throw new ConfigError('cedar.policies', 'policies without templates, which nothing links')
  // Cedar gives them in the order of its own names, as strings.
  const names = parts.policies.map((_policy, index) => `policy${index}`).sort()
  const named: Record<string, string> = {}
  const forbids = new Set<string>()
  for (const [index, policy] of parts.policies.entries()) {
    const read = cedar.policyToJson(policy)
    if (read.type === 'failure') throw wrong('policies', policy, read.errors)
    const { annotations, effect } = read.json
    const name = annotations?.id || names[index] || ''
    if (Object.hasOwn(named, name))
      throw new ConfigError('cedar.policies', {
        sentence: `"cedar.policies" has two policies named ${JSON.stringify(name)}: give them different annotations @id`,
      })
    named[name] = policy
    if (effect === 'forbid') forbids.add(name)
  }
  return { named, forbids }
}

/** Throws a `ConfigError` if the schema is none, or policies do not fit it. */
export function validate(cedar: typeof Cedar, { named }: CedarPolicies, schema: string): void {
  const parsed = cedar.checkParseSchema(schema)
  if (parsed.type === 'failure') throw wrong('schema', schema, parsed.errors)
  const answer = cedar.validate({ schema, policies: { staticPolicies: named } })
  const [error] = answer.type === 'failure' ? answer.errors : answer.validationErrors.map((one) => one.error)
  if (error !== undefined)
    throw new ConfigError('cedar.policies', {
      sentence: `"cedar.policies" does not fit "cedar.schema": ${error.message}`,
    })
}

/** What Cedar says of a text, with the line that it says it of. */
function wrong(
  name: 'policies' | 'schema',
  text: string,
  [error]: readonly Cedar.DetailedError[],
): ConfigError {
  const start = error?.sourceLocations?.[0]?.start
  const before = start === undefined ? undefined : Buffer.from(text).subarray(0, start).toString()
  const line = before === undefined ? '' : ` in line ${before.split('\n').length}`
  return new ConfigError(`cedar.${name}`, {
    sentence: `"cedar.${name}" cannot be read${line}: ${error?.message ?? 'Cedar does not say why'}`,
  })
}
