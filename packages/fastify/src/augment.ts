import type { Auth } from '@sallyport/core'

declare module 'fastify' {
  interface FastifyRequest {
    /** The verified caller, set by `authMiddleware`; `null` if there is none. */
    auth: Auth | null
  }
}
