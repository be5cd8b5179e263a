import type { Auth } from '@sallyport/core'

declare module 'fastify' {
  interface FastifyRequest {
    /** The verified caller, behind `authMiddleware`. */
    auth?: Auth | null
  }
}
