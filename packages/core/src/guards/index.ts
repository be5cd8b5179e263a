import type { Guard } from './guard.ts'
import { scopeGuard } from './scope.ts'

/** The library's own guards. Each becomes a method of every framework's Sallyport, by its name here. */
export const guards: Guards = {
  requireScope: scopeGuard,
}

export interface Guards {
  /**
   * Lets a caller through only if the token has all of the scopes; otherwise answers 403. Goes behind `authMiddleware`.
   */
  readonly requireScope: (...scopes: string[]) => Guard
}

/** The same guards in a framework, where each makes what the framework mounts. */
export type GuardMethods<Check> = {
  readonly [Name in keyof Guards]: (...args: Parameters<Guards[Name]>) => Check
}
