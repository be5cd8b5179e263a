import { createSallyport } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../../packages/core/src/options/index.ts'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const engine = { name: 'Test', decide: () => ({ kind: 'permit' }) as const }
const needed = 'a policy engine, such as cedar(...) of @sallyport/policies'

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'no object', options: true, option: 'policies', allowed: 'an object with engine, timeoutMs, permits', given: 'true' },
  { name: 'the engine alone', options: engine, option: 'policies.name', says: 'unknown option "policies.name"; there are engine, timeoutMs, permits' },
  { name: 'no engine', options: {}, option: 'policies.engine', says: `"policies.engine" is required: give ${needed}` },
  { name: 'an engine without a name', options: { engine: { decide: () => {} } }, option: 'policies.engine', allowed: needed, given: 'an object' },
  { name: 'an engine that is a function', options: { engine: () => {} }, option: 'policies.engine', allowed: needed, given: 'a function' },
  { name: 'an engine that is on its way', options: { engine: Promise.resolve(engine) }, option: 'policies.engine', allowed: needed, given: 'a promise, which lacks an "await"' },
  { name: 'too short', options: { engine, timeoutMs: 9 }, option: 'policies.timeoutMs', allowed: 'a whole number from 10 to 30000', given: '9' },
  { name: 'too long', options: { engine, timeoutMs: 30_001 }, option: 'policies.timeoutMs', allowed: 'a whole number from 10 to 30000', given: '30001' },
  { name: 'a switch', options: { engine, permits: false }, option: 'policies.permits', allowed: 'one of "all", "none"', given: 'false' },
]

describe('wrong policies are refused by their path', () => {
  test.each(wrong)('$option: $name', async ({ options, ...row }) => {
    expectRefusal(await configFault(() => createSallyport({ policies: options as never })), row)
  })
})

test('what is left out has a default', () => {
  const { policies } = parseOptions({ policies: { engine } }, false)
  expect(policies).toEqual({ engine, timeoutMs: 500, permits: 'all' })
  expect(policies?.engine).toBe(engine)
  expect(parseOptions({}, false).policies).toBeUndefined()
})
