import type { Auth } from '@sallyport/core'

declare module 'koa' {
  interface DefaultState {
    /** The verified caller, behind `authMiddleware`. */
    auth?: Auth | null
  }
}
