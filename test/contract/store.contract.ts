import type { Store } from '@sallyport/core/store'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { activityContract } from './activity.contract.ts'
import { apiKeysContract } from './api-keys.contract.ts'
import { bindingContract } from './binding.contract.ts'
import { countersContract } from './counters.contract.ts'
import { documentsContract } from './documents.contract.ts'
import { driftContract } from './drift.contract.ts'
import { elevationContract } from './elevation.contract.ts'
import { endingContract } from './ending.contract.ts'
import { everythingContract } from './everything.contract.ts'
import { feedContract } from './feed.contract.ts'
import { forgettingContract } from './forgetting.contract.ts'
import { keyBindingContract } from './key-binding.contract.ts'
import { keysContract } from './keys.contract.ts'
import { limitsContract } from './limits.contract.ts'
import { MANY, manySessionsContract } from './many-sessions.contract.ts'
import { onceContract } from './once.contract.ts'
import { outboxContract } from './outbox.contract.ts'
import { racesContract } from './races.contract.ts'
import { renewalContract } from './renewal.contract.ts'
import { revocationContract } from './revocation.contract.ts'
import { rotationContract } from './rotation.contract.ts'
import { sessionContract } from './session.contract.ts'
import { sightingsContract } from './sightings.contract.ts'
import { subjectKeysContract } from './subject-keys.contract.ts'

/** One place, as two processes see it; where it can't be shared both are the same. */
export interface Place {
  readonly store: Store
  readonly other: Store
}

/** What a store brings along to be held to the contract. */
export interface StoreHarness {
  readonly name: string
  /** How many sessions are very many: more than the store takes in one slice. */
  readonly many?: number
  /** A new, empty place. */
  open(): Promise<Place>
  stop(): Promise<void>
}

/** The place of the running test. */
export type Here = () => Place

/** What every store must do. */
export function storeContract(harness: StoreHarness): void {
  describe(harness.name, () => {
    let place: Place
    beforeEach(async () => {
      place = await harness.open()
    })
    afterEach(async () => {
      await place.store.close()
      await place.other.close()
    })
    afterAll(() => harness.stop())

    const here: Here = () => place
    test('it answers when it is pinged', async () => {
      expect(await here().store.ping()).toBe(true)
    })
    describe('sessions', () => sessionContract(here))
    describe('rotation', () => rotationContract(here))
    describe('binding', () => bindingContract(here))
    describe('drift', () => driftContract(here))
    describe('limits', () => limitsContract(here))
    describe('a subject with very many sessions', () => manySessionsContract(here, harness.many ?? MANY))
    describe('elevation', () => elevationContract(here))
    describe('the key of a browser', () => keyBindingContract(here))
    describe('ending', () => endingContract(here))
    describe('the end of everything', () => everythingContract(here))
    describe('forgetting', () => forgettingContract(here))
    describe('renewal', () => renewalContract(here))
    describe('races', () => racesContract(here))
    describe('feed', () => feedContract(here))
    describe('revocation', () => revocationContract(here))
    describe('keys', () => keysContract(here))
    describe('counters', () => countersContract(here))
    describe('activity', () => activityContract(here))
    describe('keys of subjects', () => subjectKeysContract(here))
    describe('what may happen once', () => onceContract(here))
    describe('the outbox', () => outboxContract(here, harness.many ?? 3000))
    describe('documents', () => documentsContract(here))
    describe('API keys', () => apiKeysContract(here))
    describe('sightings', () => sightingsContract(here))
  })
}
