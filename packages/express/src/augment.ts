import type { Auth } from '@sallyport/core'

declare global {
  namespace Express {
    interface Request {
      /** The verified caller, behind `authMiddleware`. */
      auth?: Auth | null
    }
  }
}
