import { type Auth, type Claims, createSallyport, type RequestView } from '@sallyport/core'
import { type Guard, type Guards, gateOf } from '@sallyport/core/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { requireAuth } from '../../packages/core/src/adapt/settled.ts'
import { systemClock } from '../../packages/core/src/system.ts'
import { foreignPromise } from '../support/foreign-promise.ts'
import { viewOf } from './view.ts'

const notices: string[] = []
let guards: Guards
let close: () => Promise<void>
beforeEach(async () => {
  notices.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
  const sallyport = await createSallyport()
  notices.length = 0
  close = sallyport.close
  ;({ guards } = gateOf(sallyport))
})
afterEach(async () => {
  await close()
  vi.restoreAllMocks()
})

function callerWith(claims: object, more: Partial<Auth> = {}): Auth {
  return {
    ...{ issuer: 'https://auth.example.com', own: true, subject: 'u1', session: undefined },
    ...{ client: undefined, scopes: [], kid: undefined, credential: 'access_token', ...more },
    claims: claims as Claims,
  }
}
const view: RequestView = viewOf({})
const verdictOf = (guard: Guard, claims: object) => guard(callerWith(claims), view, systemClock)
const passes = (guard: Guard, claims: object): boolean => {
  const verdict = verdictOf(guard, claims)
  if ('then' in verdict) expect.fail('a promise')
  if (verdict.kind === 'refuse') expect(verdict.problem).toBe('access_denied')
  return verdict.kind === 'pass'
}

describe('requireRole', () => {
  // biome-ignore format: one row, one line
  const rows: readonly (readonly [what: string, roles: unknown, passes: boolean])[] = [
    ['the role', ['admin'], true],
    ['one of the roles', ['reader', 'editor'], true],
    ['both', ['admin', 'editor'], true],
    ['one string', 'editor', true],
    ['the form of SCIM', [{ value: 'editor', display: 'Editor', primary: true }], true],
    ['another role', ['reader'], false],
    ['no role', [], false],
    ['no claim', undefined, false],
    ['null', null, false],
    ['a role in another case', ['Admin'], false],
    ['a role with blanks', ['admin '], false],
    ['roles in one string', 'reader admin', false],
    ['an object', { admin: true }, false],
    ['a number', 1, false],
    ['what is no role, beside others', [null, 1, ['admin'], { value: ['admin'] }, { display: 'admin' }], false],
  ]
  test.each(rows)('%s', (_what, roles, expected) => {
    expect(passes(guards.requireRole('admin', 'editor'), { roles })).toBe(expected)
  })

  test('takes the roles of whoever issued a token that the route takes', () => {
    const partner = callerWith({ roles: ['admin'] }, { own: false, issuer: 'https://partner.example.net' })
    expect(guards.requireRole('admin')(partner, view, systemClock)).toEqual({ kind: 'pass' })
  })

  test.each([[[]], [['']], [[undefined]], [[['admin']]]])('refuses to be made of %j', (roles) => {
    expect(() => guards.requireRole(...(roles as string[]))).toThrow(/^requireRole: name the roles/)
  })
})

describe('requireClaim', () => {
  test('compares with a string, a number or a boolean, exactly', () => {
    expect(passes(guards.requireClaim('tenant', 'acme'), { tenant: 'acme' })).toBe(true)
    expect(passes(guards.requireClaim('level', 3), { level: 3 })).toBe(true)
    expect(passes(guards.requireClaim('staff', true), { staff: true })).toBe(true)
    expect(passes(guards.requireClaim('staff', false), { staff: false })).toBe(true)
    for (const tenant of ['Acme', 'acme ', ['acme'], { acme: 1 }, null, undefined])
      expect(passes(guards.requireClaim('tenant', 'acme'), { tenant })).toBe(false)
    expect(passes(guards.requireClaim('level', 3), { level: '3' })).toBe(false)
    expect(passes(guards.requireClaim('staff', true), { staff: 1 })).toBe(false)
  })

  test('a claim that is not there is refused, and no function is asked', () => {
    const asked = vi.fn(() => true)
    for (const name of ['tenant', 'constructor', '__proto__', 'toString'])
      expect(passes(guards.requireClaim(name, asked), {})).toBe(false)
    expect(passes(guards.requireClaim('tenant', asked), { tenant: undefined })).toBe(false)
    expect(asked).not.toHaveBeenCalled()
  })

  test('passes by true, and by nothing else', () => {
    expect(
      passes(
        guards.requireClaim('tenant', (tenant) => tenant === 'a'),
        { tenant: 'a' },
      ),
    ).toBe(true)
    const answers: unknown[] = [
      false,
      undefined,
      1,
      'true',
      {},
      Promise.resolve(true),
      foreignPromise(Promise.resolve(true)),
    ]
    for (const answer of answers)
      expect(
        passes(
          guards.requireClaim('tenant', () => answer as boolean),
          { tenant: 'a' },
        ),
      ).toBe(false)
    expect(notices).toEqual([])
  })

  test('a function that throws refuses, and is told once, without what it said', async () => {
    const guard = guards.requireClaim('tenant', () => {
      throw new RangeError('the secret of acme')
    })
    expect(passes(guard, { tenant: 'a' })).toBe(false)
    expect(passes(guard, { tenant: 'b' })).toBe(false)
    const rejecting = guards.requireClaim('plan', (async () => {
      throw new RangeError('no')
    }) as unknown as () => boolean)
    expect(passes(rejecting, { plan: 'a' })).toBe(false)
    await vi.waitFor(() => expect(notices).toHaveLength(2))
    expect(notices).toEqual([
      'the function of requireClaim("tenant") failed with RangeError; this is told once',
      'the function of requireClaim("plan") failed with RangeError; this is told once',
    ])
  })

  test.each([
    ['no name', ['', 'a']],
    ['a name that is none', [5, 'a']],
    ['a value that is missing', ['tenant', undefined]],
    ['null', ['tenant', null]],
    ['an object', ['tenant', {}]],
    ['no number', ['tenant', Number.NaN]],
  ])('refuses to be made of %s', (_what, args) => {
    const make = guards.requireClaim as unknown as (...args: unknown[]) => Guard
    expect(() => make(...args)).toThrow(/^requireClaim: /)
  })

  test('shows of a caller only what it finds, wherever it is asked', () => {
    const isString = (value: unknown): value is string => typeof value === 'string'
    const tenant = guards.requireClaim('tenant', isString)
    expect(requireAuth(callerWith({ tenant: 'acme' }), tenant).claims.tenant).toBe('acme')
    expect(() => requireAuth(callerWith({ tenant: 5 }), tenant)).toThrow(
      /the guard does not let this caller through/,
    )
    expect(() => requireAuth(callerWith({}), tenant)).toThrow(TypeError)
    expect(() => requireAuth(undefined, tenant)).toThrow(/there is no caller/)
    for (const wrong of [0, null, () => {}, guards.requireRole('a')])
      expect(() => requireAuth(callerWith({}), wrong as never)).toThrow(/a guard that requireClaim made/)
  })
})
