import type { Auth } from '@sallyport/core'

declare module 'koa' {
  interface DefaultState {
    /** The verified caller, set by `authMiddleware`. */
    auth?: Auth
  }
}
