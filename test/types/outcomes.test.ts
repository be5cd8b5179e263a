import type { GuardVerdict, Revocation } from '@sallyport/core'
import type { BodyReading, BodySource, Decision } from '@sallyport/core/adapter'
import type {
  BindKeyOutcome,
  EndOutcome,
  KeySwapOutcome,
  ListOutcome,
  OpenOutcome,
  PullOutcome,
  RotationOutcome,
  SessionReading,
  SubjectEndOutcome,
} from '@sallyport/core/store'
import { describe, expect, expectTypeOf, test } from 'vitest'

function statusOf(decision: Decision): number {
  switch (decision.kind) {
    case 'allow':
    case 'guest':
      return 200
    case 'refuse':
      return decision.answer.status
  }
}

// @ts-expect-error what becomes of a refusal is not said
function forgetful(decision: Decision): string {
  switch (decision.kind) {
    case 'allow':
      return decision.auth.subject
  }
}

function told(outcome: RotationOutcome): string {
  switch (outcome.kind) {
    case 'rotated':
    case 'converged':
    case 'contested':
      return `${outcome.kind} to ${outcome.session.generation} from ${outcome.issueFrom}`
    case 'reused':
      return outcome.rolledBack ? 'reused, rolled back' : 'reused'
    case 'mismatched':
    case 'challenged':
      return `${outcome.kind} by ${outcome.drift}`
    case 'limited':
      return `limited for ${outcome.retryAfterMs}`
    case 'wrong_client':
    case 'unproven':
    case 'expired':
    case 'unknown':
    case 'unavailable':
      return outcome.kind
  }
}

// @ts-expect-error what becomes of a store that is away is not said
function hopeful(outcome: RotationOutcome): boolean {
  switch (outcome.kind) {
    case 'rotated':
    case 'converged':
    case 'contested':
      return true
    case 'reused':
    case 'mismatched':
    case 'challenged':
    case 'limited':
    case 'wrong_client':
    case 'unproven':
    case 'expired':
    case 'unknown':
      return false
  }
}

describe('a switch over every kind', () => {
  test('of a decision needs no default', () => {
    expect(statusOf({ kind: 'refuse', answer: { status: 401, headers: {}, cookies: [], body: '' } })).toBe(
      401,
    )
    expectTypeOf(forgetful).parameter(0).toEqualTypeOf<Decision>()
  })

  test('of a rotation needs no default', () => {
    expect(told({ kind: 'limited', retryAfterMs: 1000 })).toBe('limited for 1000')
    expect(told({ kind: 'unavailable' })).toBe('unavailable')
    expectTypeOf(hopeful).parameter(0).toEqualTypeOf<RotationOutcome>()
  })
})

describe('the kinds are', () => {
  test('those of a rotation', () => {
    type Told =
      | 'rotated'
      | 'converged'
      | 'contested'
      | 'reused'
      | 'mismatched'
      | 'challenged'
      | 'wrong_client'
      | 'unproven'
      | 'limited'
      | 'expired'
      | 'unknown'
    expectTypeOf<RotationOutcome['kind']>().toEqualTypeOf<Told | 'unavailable'>()
  })

  test('those of the other steps of a store, each of which may be unavailable', () => {
    expectTypeOf<OpenOutcome['kind']>().toEqualTypeOf<'opened' | 'unavailable'>()
    expectTypeOf<BindKeyOutcome['kind']>().toEqualTypeOf<'bound' | 'taken' | 'unknown' | 'unavailable'>()
    expectTypeOf<EndOutcome['kind']>().toEqualTypeOf<'ended' | 'absent' | 'unavailable'>()
    expectTypeOf<SubjectEndOutcome['kind']>().toEqualTypeOf<'ended' | 'unavailable'>()
    expectTypeOf<ListOutcome['kind']>().toEqualTypeOf<'listed' | 'unavailable'>()
    expectTypeOf<SessionReading['kind']>().toEqualTypeOf<'read' | 'unknown' | 'unavailable'>()
    expectTypeOf<PullOutcome['kind']>().toEqualTypeOf<'pulled' | 'unavailable'>()
    expectTypeOf<KeySwapOutcome['kind']>().toEqualTypeOf<'swapped' | 'changed' | 'unavailable'>()
  })

  test('those of what the gate, its guards and its readers say', () => {
    expectTypeOf<Decision['kind']>().toEqualTypeOf<'allow' | 'guest' | 'refuse'>()
    expectTypeOf<GuardVerdict['kind']>().toEqualTypeOf<'pass' | 'refuse'>()
    expectTypeOf<BodySource['kind']>().toEqualTypeOf<'stream' | 'bytes' | 'parsed'>()
    expectTypeOf<BodyReading<string>['kind']>().toEqualTypeOf<'read' | 'refused'>()
    expectTypeOf<Revocation['kind']>().toEqualTypeOf<
      'session' | 'generation' | 'token' | 'subject' | 'key' | 'all'
    >()
  })
})
