import type { PolicyEngine, PolicyRequest } from '@sallyport/core'
import { cedar, cel, cerbos, opa, PolicyEngineError } from '@sallyport/policies'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'
import { cases } from './decisions.ts'
import { cedarPolicies } from './policies.ts'

const [{ request }] = cases as [(typeof cases)[0], ...typeof cases]
const never = (): AbortSignal => new AbortController().signal

function asked(
  attributes: Readonly<Record<string, unknown>> | undefined,
  claims: object = {},
): PolicyRequest {
  return {
    ...request,
    principal: { ...request.principal, roles: ['reader'], claims: { ...claims } },
    resource: { type: 'Document', id: '1', attributes },
  }
}
const decide = (engine: PolicyEngine, given: PolicyRequest) => engine.decide(given, never)

describe('Cedar', () => {
  const withForbid = `
    @id("all") permit (principal, action, resource);
    @id("locked") forbid (principal, action, resource) when { resource.locked };`

  test('decides without a promise, and tells the policies that decided', async () => {
    const engine = await cedar({ policies: withForbid })
    expect(decide(engine, asked({ locked: false }))).toEqual({ kind: 'permit', policy: 'all' })
    expect(decide(engine, asked({ locked: true }))).toEqual({ kind: 'deny', policy: 'locked' })
  })

  test('does not permit where a policy that forbids could not be evaluated', async () => {
    const engine = await cedar({ policies: withForbid })
    expect(() => decide(engine, asked({}))).toThrow(
      'Cedar could not evaluate the policy "locked", which might forbid what others permit',
    )
  })

  test('permits where only a policy that permits could not be evaluated, and denies if no other does', async () => {
    const owners =
      '@id("owners") permit (principal, action, resource) when { resource.owner == principal.id };'
    const both = await cedar({ policies: `${owners} @id("all") permit (principal, action, resource);` })
    expect(decide(both, asked({}))).toEqual({ kind: 'permit', policy: 'all' })
    const one = await cedar({ policies: owners })
    expect(decide(one, asked({}))).toEqual({ kind: 'deny', policy: 'owners', reason: 'policy_error' })
    expect(decide(one, asked({ owner: 'bob' }))).toEqual({ kind: 'deny', reason: 'no_policy' })
  })

  test('names policies without an annotation as Cedar does, more than ten of them too', async () => {
    const lines = Array.from(
      { length: 12 },
      (_one, nth) => `permit (principal, action == Action::"a${nth}", resource);`,
    )
    const engine = await cedar({ policies: lines.join('\n') })
    for (const nth of [0, 2, 9, 10, 11])
      expect(decide(engine, { ...asked({}), action: `a${nth}` })).toEqual({
        kind: 'permit',
        policy: `policy${nth}`,
      })
  })

  test('two engines do not see the policies of each other', async () => {
    const open = await cedar({ policies: 'permit (principal, action, resource);' })
    const shut = await cedar({ policies: 'forbid (principal, action, resource);' })
    expect(decide(open, asked({}))).toMatchObject({ kind: 'permit' })
    expect(decide(shut, asked({}))).toMatchObject({ kind: 'deny' })
  })

  test('has entities of its own: roles that are in others, and what is known of a resource', async () => {
    const engine = await cedar({
      policies: `@id("staff") permit (principal in Role::"staff", action, resource) when { resource.level < 5 && resource in Folder::"open" };`,
      entities: [
        { uid: { type: 'Role', id: 'reader' }, parents: [{ type: 'Role', id: 'staff' }] },
        {
          uid: { type: 'Document', id: '1' },
          attrs: { level: 3 },
          parents: [{ type: 'Folder', id: 'open' }],
        },
      ],
    })
    expect(decide(engine, asked(undefined))).toMatchObject({ kind: 'permit' })
    expect(decide(engine, asked({ level: 4 }))).toMatchObject({ kind: 'permit' })
    expect(decide(engine, asked({ level: 5 }))).toMatchObject({ kind: 'deny' })
  })

  test('has whole numbers, decimals, sets and records, and leaves out what is null', async () => {
    const engine = await cedar({
      policies: `permit (principal, action, resource) when {
        resource.n == 3 && resource.d.lessThan(decimal("1.2501")) && resource.set.contains("a") &&
        resource.record.inner == true && !(resource has gone) && !(resource.record has gone) };`,
    })
    const attributes = { n: 3, d: 1.25, set: ['a', 'b'], record: { inner: true, gone: null }, gone: null }
    expect(decide(engine, asked(attributes))).toMatchObject({ kind: 'permit' })
  })

  let deep: object = {}
  for (let level = 0; level < 3000; level++) deep = { deep }
  test.each([
    ['a number with too many digits', { n: 0.12345 }],
    ['a number that is too large', { n: 2 ** 60 }],
    ['no number at all', { n: Number.NaN }],
    ['null in an array', { list: [null] }],
    ['an object that is no plain one', { date: new Date() }],
    ['a function', { run: () => true }],
    ['what Cedar would take for an entity', { role: { __entity: { type: 'Role', id: 'admin' } } }],
    ['what Cedar would take for a function', { ip: { __extn: { fn: 'ip', arg: '127.0.0.1' } } }],
    ['more than it can nest', { deep }],
  ])('decides nothing about %s, and goes on', async (_what, values) => {
    const engine = await cedar({ policies: 'permit (principal, action, resource);' })
    expect(() => decide(engine, asked(values))).toThrow()
    expect(() => decide(engine, asked({}, values))).toThrow()
    expect(decide(engine, asked({}))).toMatchObject({ kind: 'permit' })
  })

  test('takes any JSON, or decides nothing: whatever it is, the next decision is as before', async () => {
    const engine = await cedar({
      policies:
        '@id("all") permit (principal, action, resource); forbid (principal, action, resource) when { resource has no };',
    })
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (one, other) => {
          try {
            const forbids = Object.hasOwn(one, 'no') && one.no !== null
            expect(decide(engine, asked(one, other))).toMatchObject({ kind: forbids ? 'deny' : 'permit' })
          } catch (cause) {
            expect(cause).toBeInstanceOf(PolicyEngineError)
          }
          expect(decide(engine, asked({}))).toEqual({ kind: 'permit', policy: 'all' })
        },
      ),
    )
  })

  test('takes no type of a resource that is none', async () => {
    const engine = await cedar({ policies: 'permit (principal, action, resource);' })
    const resource = { type: 'my document' }
    expect(() => decide(engine, { ...request, resource })).toThrow(PolicyEngineError)
    expect(decide(engine, { ...request, resource: { type: 'App::Document' } })).toMatchObject({
      kind: 'permit',
    })
  })

  test('any action and any id are just names', async () => {
    const engine = await cedar({ policies: 'permit (principal == User::"alice", action, resource);' })
    const resource = { type: 'Document', id: '"; permit (principal, action, resource); //' }
    expect(decide(engine, { ...request, action: '"::\n', resource })).toMatchObject({ kind: 'permit' })
    const principal = { ...request.principal, id: 'alice" || true || "' }
    expect(decide(engine, { ...request, principal })).toMatchObject({ kind: 'deny' })
  })

  test('fits a schema, or is refused at start', async () => {
    const schema = `
      entity Role; entity User in [Role] { roles: Set<String> };
      entity Document { locked: Bool };
      action "document:read" appliesTo { principal: [User], resource: [Document] };`
    const policies =
      'permit (principal, action == Action::"document:read", resource) when { !resource.locked };'
    const engine = await cedar({ policies, schema })
    expect(decide(engine, asked({ locked: false, more: 1 }))).toMatchObject({ kind: 'permit' })
    const fault = await configFault(() => cedar({ policies: policies.replace('locked', 'lockd'), schema }))
    expect(fault.option).toBe('cedar.policies')
    expect(fault.message).toContain('attribute `lockd`')
  })
})

describe('CEL', () => {
  test('decides without a promise, and names the action', async () => {
    const engine = await cel({ read: "'reader' in principal.roles", write: 'false' })
    expect(decide(engine, { ...asked({}), action: 'read' })).toEqual({ kind: 'permit', policy: 'read' })
    expect(decide(engine, { ...asked({}), action: 'write' })).toEqual({ kind: 'deny', policy: 'write' })
    expect(decide(engine, { ...asked({}), action: 'other' })).toEqual({ kind: 'deny', reason: 'no_policy' })
    expect(decide(engine, { ...asked({}), action: 'constructor' })).toEqual({
      kind: 'deny',
      reason: 'no_policy',
    })
  })

  test.each([
    ['what is missing', 'principal.claims.level > 3'],
    ['what every object of JavaScript has', 'principal.claims.constructor == principal.claims.constructor'],
    ['what is of another type', 'resource.attributes.n == 3 && resource.attributes.text > 3'],
    ['what is true only in JavaScript', 'resource.attributes.text'],
    ['a promise of nothing', 'resource.attributes.n'],
  ])('denies by %s', async (_what, condition) => {
    const engine = await cel({ 'document:read': condition })
    const decision = decide(engine, asked({ n: 3, text: 'yes' }))
    expect(decision).toEqual({ kind: 'deny', policy: 'document:read', reason: 'policy_error' })
  })

  test('has whole numbers, by which it can count', async () => {
    const engine = await cel({
      'document:read':
        'resource.attributes.n + 1 == 4 && size(principal.roles) + principal.claims.n == 3 && resource.attributes.list[0] * 2 == 10 && resource.attributes.half < 0.6',
    })
    expect(decide(engine, asked({ n: 3, list: [5], half: 0.5 }, { n: 2 }))).toMatchObject({ kind: 'permit' })
  })

  test('has the time as a time', async () => {
    const engine = await cel({
      'document:read':
        "environment.time > timestamp('2026-11-29T11:59:59Z') && environment.time.getHours() == 12",
    })
    expect(decide(engine, asked({}))).toMatchObject({ kind: 'permit' })
  })
})

// biome-ignore format: one row, one line
const wrong: readonly (WrongOption & { readonly make: (options: never) => unknown })[] = [
  { make: cedar, name: 'no options', options: undefined, option: 'cedar', allowed: 'an object with policies, schema, entities', given: 'nothing' },
  { make: cedar, name: 'no policies', options: {}, option: 'cedar.policies', says: '"cedar.policies" is required: give policies in the syntax of Cedar' },
  { make: cedar, name: 'empty policies', options: { policies: ' ' }, option: 'cedar.policies', allowed: 'policies in the syntax of Cedar', given: '" "' },
  { make: cedar, name: 'an unknown option', options: { policies: cedarPolicies, policy: 1 }, option: 'cedar.policy', says: 'unknown option "cedar.policy" (did you mean "cedar.policies"?)' },
  { make: cedar, name: 'broken policies', options: { policies: 'permit (principal, action, resource);\n\npermit (principle);' }, option: 'cedar.policies', says: '"cedar.policies" cannot be read in line 3: found an invalid variable in the policy scope: principle' },
  { make: cedar, name: 'a template', options: { policies: 'permit (principal == ?principal, action, resource);' }, option: 'cedar.policies', allowed: 'policies without templates' },
  { make: cedar, name: 'two of one name', options: { policies: '@id("a") permit (principal, action, resource); @id("a") forbid (principal, action, resource);' }, option: 'cedar.policies', says: '"cedar.policies" has two policies named "a": give them different annotations @id' },
  { make: cedar, name: 'a broken schema', options: { policies: cedarPolicies, schema: 'entity' }, option: 'cedar.schema', says: '' },
  { make: cedar, name: 'entities that are none', options: { policies: cedarPolicies, entities: {} }, option: 'cedar.entities', allowed: 'an array of entities, each with a "uid"', given: 'an object' },
  { make: cedar, name: 'an entity that is none', options: { policies: cedarPolicies, entities: [{ uid: 'a' }] }, option: 'cedar.entities.0.uid', allowed: 'an object with type, id', given: '"a"' },
  { make: cedar, name: 'an entity that is nothing', options: { policies: cedarPolicies, entities: [null] }, option: 'cedar.entities.0', allowed: 'an object with uid, attrs, parents', given: 'null' },
  { make: cedar, name: 'an entity with values that Cedar has not', options: { policies: cedarPolicies, entities: [{ uid: { type: 'A', id: '1' }, attrs: { n: 0.5 } }] }, option: 'cedar.entities', says: '' },

  { make: cel, name: 'no conditions', options: [], option: 'cel', allowed: 'an object of conditions, by action', given: 'an empty array' },
  { make: cel, name: 'a condition that is none', options: { read: true }, option: 'cel.read', allowed: 'a condition in CEL', given: 'true' },
  { make: cel, name: 'a broken condition', options: { read: 'true', 'a:b': 'principal.id ==' }, option: 'cel.a:b', says: '"cel.a:b" is not a condition in CEL: Unexpected token: EOF' },
  { make: cel, name: 'an unknown variable', options: { read: "user.id == 'a'" }, option: 'cel.read', says: '"cel.read" is not a condition in CEL: Unknown variable: user' },
  { make: cel, name: 'types that do not fit', options: { read: "'a' + 1 == 2" }, option: 'cel.read', says: '"cel.read" is not a condition in CEL: no such overload: string + int' },
  { make: cel, name: 'no condition, but a number', options: { read: '1 + 1' }, option: 'cel.read', allowed: 'a condition, which is true or false', given: 'one that gives int' },

  { make: opa, name: 'no url', options: { path: 'p' }, option: 'opa.url', says: '"opa.url" is required: give an https URL' },
  { make: opa, name: 'plain http', options: { url: 'http://opa.example.com', path: 'p' }, option: 'opa.url', allowed: 'an https URL without query and fragment (http on loopback)' },
  { make: opa, name: 'a password in the address', options: { url: 'https://me:secret@opa.example.com', path: 'p' }, option: 'opa.url', allowed: 'an https URL' },
  { make: opa, name: 'a path that climbs', options: { url: 'https://opa.example.com', path: '/p' }, option: 'opa.path', allowed: 'the path of a document', given: '"/p"' },
  { make: opa, name: 'a path that leads elsewhere', options: { url: 'https://opa.example.com', path: 'a/../b' }, option: 'opa.path', allowed: 'the path of a document', given: '"a/../b"' },
  { make: opa, name: 'a path with a query', options: { url: 'https://opa.example.com', path: 'p?pretty' }, option: 'opa.path', allowed: 'the path of a document', given: '"p?pretty"' },
  { make: opa, name: 'a token that no header holds', options: { url: 'https://opa.example.com', path: 'p', token: 'a\nb' }, option: 'opa.token', allowed: 'a token of printable ASCII characters' },
  { make: cerbos, name: 'plain http', options: { url: 'http://cerbos:3592' }, option: 'cerbos.url', allowed: 'an https URL' },
  { make: cerbos, name: 'an unknown option', options: { url: 'https://cerbos.example.com', tokn: 'secret' }, option: 'cerbos.tokn', says: 'unknown option "cerbos.tokn" (did you mean "cerbos.token"?)' },
]

describe('wrong options are refused by their path', () => {
  test.each(wrong)('$option: $name', async ({ make, ...row }) => {
    const fault = await configFault(() => make(row.options as never))
    if (row.says === '') expect(fault.option).toBe(row.option)
    else expectRefusal(fault, row)
    expect(fault.message).not.toContain('secret')
  })
})
