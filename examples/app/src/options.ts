import { randomBytes } from 'node:crypto'
import type { AuditOptions, Meter, SallyportOptions, StoreDriver } from '@sallyport/core'
import { createAudit } from './audit.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { placeOf } from './place.ts'

export interface Parts {
  readonly audit: AuditOptions
  readonly store: StoreDriver
  readonly meter?: Meter | undefined
}

export function optionsOf({ options }: Environment, { audit, store, meter }: Parts): SallyportOptions {
  return {
    ...options,
    audit,
    meter,
    // Chosen, not forgotten: in memory, all ends with this process, and the library has nothing to warn of.
    secret: options.secret ?? (store.shared ? undefined : randomBytes(32)),
    store,
  }
}

/** The options of a server with these variables. Opens nothing. Throws an `EnvironmentError` or a `ConfigError`. */
export function optionsFor(env: NodeJS.ProcessEnv): SallyportOptions {
  const environment = readEnvironment(env)
  const { store } = placeOf(environment)
  return optionsOf(environment, { store, audit: createAudit(environment, Promise.resolve()) })
}
