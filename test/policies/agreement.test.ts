import type { PolicyEngine } from '@sallyport/core'
import { cedar, cel, cerbos } from '@sallyport/policies'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CerbosServer, startCerbos } from './cerbos-server.ts'
import { cases } from './decisions.ts'
import { cedarPolicies, celConditions, cerbosPolicies } from './policies.ts'

let server: CerbosServer
const engines: Record<string, PolicyEngine> = {}

beforeAll(async () => {
  server = await startCerbos(cerbosPolicies)
  engines.Cedar = await cedar({ policies: cedarPolicies })
  engines.CEL = await cel(celConditions)
  engines.Cerbos = cerbos({ url: server.url })
})
afterAll(() => server?.stop())

test('there are as many decisions as one would think, of both kinds', () => {
  expect(cases.length).toBeGreaterThanOrEqual(40)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  expect(cases.filter(({ permits }) => permits).length).toBeGreaterThan(12)
  expect(cases.filter(({ permits }) => !permits).length).toBeGreaterThan(12)
})

describe.each(['Cedar', 'CEL', 'Cerbos'])('%s decides as a person would', (name) => {
  test.each(cases)('$name', async ({ request, permits }) => {
    const decision = await engines[name]?.decide(request, () => new AbortController().signal)
    expect(decision?.kind).toBe(permits ? 'permit' : 'deny')
  })
})
