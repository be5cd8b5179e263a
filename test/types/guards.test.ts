import type { Auth, AuthWith, ClaimProof, Claims, Guard, RequireClaim } from '@sallyport/core'
import * as onExpress from '@sallyport/express'
import * as onFastify from '@sallyport/fastify'
import * as onKoa from '@sallyport/koa'
import type { Request, RequestHandler } from 'express'
import type { FastifyRequest } from 'fastify'
import type { Context, Middleware } from 'koa'
import { describe, expectTypeOf, test } from 'vitest'

type Made = onExpress.ExpressSallyport
declare const requireClaim: Made['requireClaim']
declare const onKoaClaim: onKoa.KoaSallyport['requireClaim']
declare const onFastifyClaim: onFastify.FastifySallyport['requireClaim']
declare const requirePolicy: Made['requirePolicy']
const isString = (value: unknown): value is string => typeof value === 'string'

/** Nothing here runs. */
function neverCalled(req: Request, ctx: Context, request: FastifyRequest): void {
  const region = requireClaim('region', isString)
  const plan = requireClaim('plan', 'pro')
  const level = requireClaim('level', (value) => typeof value === 'number' && value > 3)
  expectTypeOf(region).toExtend<RequestHandler>()
  expectTypeOf(onExpress.getAuth(req, region).claims.region).toEqualTypeOf<string>()
  expectTypeOf(onExpress.getAuth(req, plan).claims.plan).toEqualTypeOf<'pro'>()
  expectTypeOf(onExpress.getAuth(req, level).claims.level).toEqualTypeOf<unknown>()
  expectTypeOf(onExpress.getAuth(req, region).claims.sub).toEqualTypeOf<string>()
  expectTypeOf(onExpress.getAuth(req, region).subject).toEqualTypeOf<string>()
  expectTypeOf(onExpress.getAuth(req, region)).toExtend<Auth>()

  const regionOnKoa = onKoaClaim('region', isString)
  expectTypeOf(regionOnKoa).toExtend<Middleware>()
  expectTypeOf(onKoa.getAuth(ctx, regionOnKoa).claims.region).toEqualTypeOf<string>()
  const regionOnFastify = onFastifyClaim('region', isString)
  expectTypeOf(regionOnFastify).toExtend<onFastify.Hook>()
  expectTypeOf(onFastify.getAuth(request, regionOnFastify).claims.region).toEqualTypeOf<string>()

  // A claim of RFC 9068 loses what says that it may be missing.
  const session = requireClaim('sid', () => true)
  expectTypeOf(onExpress.getAuth(req, session).claims.sid).toEqualTypeOf<string>()
  // `test/types/register.test.ts` declares this one.
  const tenant = requireClaim('tenant', (value) => {
    expectTypeOf(value).toEqualTypeOf<string>()
    return value.length > 3
  })
  expectTypeOf(onExpress.getAuth(req, tenant).claims.tenant).toEqualTypeOf<string>()

  // @ts-expect-error the claim is a string
  requireClaim('tenant', 5)
  // @ts-expect-error neither a value nor a function
  requireClaim('region', { eu: true })
  // @ts-expect-error an answer that is no boolean, such as a promise, would always pass if it counted
  requireClaim('region', async () => true)
  // @ts-expect-error another guard says nothing of a claim
  onExpress.getAuth(req, {} as ReturnType<Made['requireScope']>)

  requirePolicy('document:read', { type: 'document', id: '1' })
  requirePolicy('document:read', async (auth, view) => ({
    type: 'document',
    id: `${view.params.id}${auth.subject}`,
  }))
  requirePolicy('document:read', (): { type: string } | undefined => undefined)
  // @ts-expect-error a resource has a type
  requirePolicy('document:read', { id: '1' })
}

describe('a guard of a claim', () => {
  test('types the claim for the handler, on every framework', () => {
    expectTypeOf(neverCalled).toBeFunction()
  })

  test('is a guard like any other in the core', () => {
    expectTypeOf<ReturnType<RequireClaim<Guard>>>().toExtend<Guard>()
  })

  test('leaves the caller as it is where none is given', () => {
    expectTypeOf<AuthWith<unknown>>().toEqualTypeOf<Auth>()
    expectTypeOf<ReturnType<typeof onExpress.getAuth>>().toEqualTypeOf<Auth>()
    expectTypeOf<AuthWith<{ readonly region: string }>['claims']['sub']>().toEqualTypeOf<Claims['sub']>()
    expectTypeOf<ClaimProof<{ readonly region: string }>>().not.toExtend<
      ClaimProof<{ readonly plan: string }>
    >()
  })
})
