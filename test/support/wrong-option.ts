import type { ConfigError } from '@sallyport/core'
import { expect } from 'vitest'

/** An option that is refused, and what is said of it. */
export type WrongOption = {
  readonly name: string
  readonly options: unknown
  /** The path that is named. */
  readonly option: string
} & Refusal

export type Refusal =
  | {
      /** Part of what is said to be allowed. */
      readonly allowed: string
      /** What is said to be given; left out where it is secret. */
      readonly given?: string
      readonly says?: never
    }
  | {
      /** The whole message, where the option is missing or unknown or does not fit another one. */
      readonly says: string
      readonly allowed?: never
      readonly given?: never
    }

/** Asserts the path and the whole message. */
export function expectRefusal(fault: ConfigError, row: { readonly option: string } & Refusal): void {
  expect(fault).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG', option: row.option })
  if (row.says !== undefined) {
    expect(fault.message).toBe(row.says)
    expect(fault.expected).toBeUndefined()
    return
  }
  expect(fault.expected).toContain(row.allowed)
  const got = row.given === undefined ? '' : `; got ${row.given}`
  expect(fault.message).toBe(`"${row.option}" must be ${fault.expected}${got}`)
}
