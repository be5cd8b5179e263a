import { expect } from 'vitest'
import { bodyOf, type Reply } from './client.ts'

/** 503, when to come again, and the cookie left alone: nothing happened. */
export function expectUnavailable(reply: Reply): void {
  expect(reply.status).toBe(503)
  expect(bodyOf(reply).error).toBe('temporarily_unavailable')
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  expect(reply.headers['set-cookie']).toBeUndefined()
}
