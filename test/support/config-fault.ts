import { inspect } from 'node:util'
import { ConfigError } from '@sallyport/core'

/** The `ConfigError` that something throws or rejects with; fails for any other error, and for none. */
export async function configFault(make: () => unknown): Promise<ConfigError> {
  let outcome: unknown
  try {
    outcome = await make()
  } catch (cause) {
    if (cause instanceof ConfigError) return cause
    throw new Error(`expected a ConfigError, but ${inspect(cause)} was thrown`, { cause })
  }
  const leftOpen = outcome as { close?: () => Promise<void> } | undefined
  await leftOpen?.close?.()
  throw new Error('expected a ConfigError, but the options were accepted')
}
