import type { Auth, Claims } from '@sallyport/core'
import type { getAuth as getExpressAuth } from '@sallyport/express'
import type { getAuth as getFastifyAuth } from '@sallyport/fastify'
import type { getAuth as getKoaAuth } from '@sallyport/koa'
import { describe, expectTypeOf, test } from 'vitest'

declare module '@sallyport/core' {
  interface Register {
    /** Optional, since it is merged into every file that is compiled with this one. */
    claims: { readonly tenant?: string }
  }
}

describe('claims that are merged into Register', () => {
  test('are typed wherever claims are read', () => {
    expectTypeOf<Claims['tenant']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<Auth['claims']['tenant']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<ReturnType<typeof getExpressAuth>['claims']['tenant']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<ReturnType<typeof getKoaAuth>['claims']['tenant']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<ReturnType<typeof getFastifyAuth>['claims']['tenant']>().toEqualTypeOf<string | undefined>()
  })

  test('stand beside those of RFC 9068, and leave all others unknown', () => {
    expectTypeOf<Claims['sub']>().toEqualTypeOf<string>()
    expectTypeOf<Claims['exp']>().toEqualTypeOf<number>()
    expectTypeOf<Claims['auth_time']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<Claims['elsewhere']>().toEqualTypeOf<unknown>()
  })
})
