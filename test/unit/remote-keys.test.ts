import type { JsonWebKey } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  createRemoteKeys,
  type IssuerSettings,
  type RemoteKeys,
} from '../../packages/core/src/issuers/remote.ts'
import { holdUp } from '../support/hold-up.ts'
import { keyPair } from '../support/key-pair.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import {
  type Answer,
  json,
  type ScriptedIssuer,
  scriptedIssuer,
  settingsFor,
  silence,
  status,
} from './scripted-issuer.ts'

const COOLDOWN_MS = 30_000
const MAX_AGE_MS = 600_000
const MAX_STALE_MS = 3_600_000

const open = (type: string, options: object = {}): JsonWebKey =>
  keyPair(type, options).publicKey.export({ format: 'jwk' })
const first = { ...open('ed25519'), kid: 'first' }
const second = { ...open('ed25519'), kid: 'second' }
const curve = { ...open('ec', { namedCurve: 'P-256' }), kid: 'curve' }
const setOf = (...keys: readonly object[]): Answer => json({ keys })

const found = (kid: string) =>
  expect.objectContaining({ kind: 'found', key: expect.objectContaining({ kid }) })
const unknown = { kind: 'unknown' }
const unavailable = { kind: 'unavailable' }

let clock: TurnedClock
let issuer: ScriptedIssuer
const notices: string[] = []
const made: RemoteKeys[] = []

beforeEach(async () => {
  clock = turnedClock()
  issuer = await scriptedIssuer()
  notices.length = 0
})
afterEach(async () => {
  for (const keys of made.splice(0)) keys.close()
  await issuer.close()
})

function remoteKeys(more: Partial<IssuerSettings> = {}): RemoteKeys {
  const keys = createRemoteKeys(settingsFor(issuer, more), clock, (message) => notices.push(message))
  made.push(keys)
  return keys
}
function answer(with_: Answer): void {
  issuer.answers.set('/jwks', with_)
}
async function started(...keys: readonly object[]): Promise<RemoteKeys> {
  answer(setOf(...keys))
  const remote = remoteKeys()
  await remote.start()
  return remote
}
/** What is said of so many tokens at once, each with a name of its own. */
async function flood(keys: RemoteKeys, tokens = 500): Promise<ReadonlySet<string>> {
  const all = await Promise.all(Array.from({ length: tokens }, (_, at) => keys.find(`random ${at}`, 'EdDSA')))
  return new Set(all.map((one) => one.kind))
}

describe('a key of an issuer', () => {
  test('is fetched when it is first asked for, once for all who ask', async () => {
    answer(setOf(first, curve))
    const keys = remoteKeys()
    const asked = await Promise.all([keys.start(), keys.find('first', 'EdDSA'), keys.find('curve', 'ES256')])
    expect(asked.slice(1)).toEqual([found('first'), found('curve')])
    expect(issuer.asked).toEqual(['/jwks'])
  })

  test('is answered at once when it is known', async () => {
    const keys = await started(first)
    clock.turn(MAX_AGE_MS)
    expect(keys.find('first', 'EdDSA')).toEqual(found('first'))
    expect(issuer.asked).toHaveLength(1)
  })

  test('is good for its own algorithm alone', async () => {
    const keys = await started(first, curve)
    expect(keys.find('curve', 'ES256')).toEqual(found('curve'))
    for (const alg of ['EdDSA', 'Ed25519', 'ES384', 'RS256', 'PS256', 'HS256', 'none', 'es256', ''])
      expect(keys.find('curve', alg)).toEqual(unknown)
  })

  test.each([undefined, 'EdDSA', 'Ed25519'])(
    'on Ed25519 fits both names, itself being for %s',
    async (alg) => {
      const keys = await started({ ...first, ...(alg === undefined ? {} : { alg }) })
      for (const name of ['EdDSA', 'Ed25519'])
        expect(keys.find('first', name)).toMatchObject({ kind: 'found', key: { kid: 'first', alg: 'EdDSA' } })
    },
  )

  test('that is asked for without a name is found when it is the only one for the algorithm', async () => {
    const keys = await started(first, curve)
    expect(keys.find(undefined, 'EdDSA')).toEqual(found('first'))
    expect(keys.find(undefined, 'ES256')).toEqual(found('curve'))
    const more = await started(first, second, curve)
    expect(more.find(undefined, 'EdDSA')).toEqual(unknown)
    expect(more.find(undefined, 'ES256')).toEqual(found('curve'))
  })

  test('of an algorithm that is not allowed is never asked for', async () => {
    const keys = remoteKeys({ algorithms: ['ES256'] })
    expect(keys.find('first', 'EdDSA')).toEqual(unknown)
    expect(keys.find('first', 'HS256')).toEqual(unknown)
    expect(issuer.asked).toEqual([])
  })
})

describe('a key that is not known', () => {
  test('is looked for at the issuer, but not before the cool-down is over', async () => {
    const keys = await started(first)
    answer(setOf(first, second))
    clock.turn(COOLDOWN_MS - 1)
    expect(keys.find('second', 'EdDSA')).toEqual(unknown)
    expect(issuer.asked).toHaveLength(1)
    clock.turn(1)
    expect(await keys.find('second', 'EdDSA')).toEqual(found('second'))
    expect(issuer.asked).toHaveLength(2)
  })

  test('is waited for while a fetch is under way', async () => {
    const keys = await started(first)
    clock.turn(COOLDOWN_MS)
    const asked = Promise.all([keys.find('second', 'EdDSA'), keys.find('second', 'Ed25519')])
    answer(setOf(second))
    expect(await asked).toEqual([found('second'), found('second')])
    expect(keys.find('first', 'EdDSA')).toEqual(unknown)
  })

  test('is forgotten: many are no more work than one', async () => {
    const keys = await started(first)
    for (let round = 1; round <= 3; round++) {
      clock.turn(COOLDOWN_MS)
      expect(await flood(keys)).toEqual(new Set(['unknown']))
      expect(await flood(keys)).toEqual(new Set(['unknown']))
      expect(issuer.asked).toHaveLength(1 + round)
    }
  })
})

describe('500 tokens with random names while the issuer answers 500', () => {
  test('at cold start: are unavailable, for one request in a pause that doubles up to the cool-down', async () => {
    answer(status(500))
    const keys = remoteKeys()
    for (const [round, pauseMs] of [1000, 2000, 4000, 8000, 16_000, COOLDOWN_MS, COOLDOWN_MS].entries()) {
      expect(await flood(keys)).toEqual(new Set(['unavailable']))
      clock.turn(pauseMs - 1)
      expect(await flood(keys)).toEqual(new Set(['unavailable']))
      expect(issuer.asked).toHaveLength(round + 1)
      clock.turn(1)
    }
    expect(notices).toEqual([`the keys of the issuer "${issuer.origin}" cannot be fetched: it answered 500`])
  })

  test('warm: are unavailable, for one request in a cool-down, and known keys are found', async () => {
    const keys = await started(first)
    answer(status(500))
    for (let round = 1; round <= 3; round++) {
      clock.turn(COOLDOWN_MS)
      expect(await flood(keys)).toEqual(new Set(['unavailable']))
      expect(await flood(keys)).toEqual(new Set(['unavailable']))
      expect(keys.find('first', 'EdDSA')).toEqual(found('first'))
      expect(issuer.asked).toHaveLength(1 + round)
    }
  })

  test('one after the other: are the same', async () => {
    answer(status(500))
    const keys = remoteKeys()
    for (let at = 0; at < 500; at++) expect(await keys.find(`random ${at}`, 'EdDSA')).toEqual(unavailable)
    expect(issuer.asked).toHaveLength(1)
  })

  test('end with the first good answer after the cool-down', async () => {
    answer(status(500))
    const keys = remoteKeys()
    await keys.start()
    answer(setOf(first))
    expect(keys.find('first', 'EdDSA')).toEqual(unavailable)
    clock.turn(COOLDOWN_MS)
    expect(await keys.find('first', 'EdDSA')).toEqual(found('first'))
    expect(keys.find('random', 'EdDSA')).toEqual(unknown)
  })
})

describe('a set that is older than its age', () => {
  test('still answers while it is fetched anew', async () => {
    const keys = await started(first)
    answer(setOf(second))
    clock.turn(MAX_AGE_MS + 1)
    expect(keys.find('first', 'EdDSA')).toEqual(found('first'))
    expect(keys.find('first', 'EdDSA')).toEqual(found('first'))
    expect(await keys.find('second', 'EdDSA')).toEqual(found('second'))
    expect(keys.find('first', 'EdDSA')).toEqual(unknown)
    expect(issuer.asked).toHaveLength(2)
  })

  test('does not answer once more when nobody had asked for long', async () => {
    const keys = await started(first)
    answer(setOf(second))
    clock.turn(2 * MAX_AGE_MS + 1)
    expect(await keys.find('first', 'EdDSA')).toEqual(unknown)
    expect(keys.find('second', 'EdDSA')).toEqual(found('second'))
  })

  test('answers, when nobody had asked for long, if the issuer fails', async () => {
    const keys = await started(first)
    answer(status(500))
    clock.turn(MAX_STALE_MS)
    expect(await keys.find('first', 'EdDSA')).toEqual(found('first'))
    expect(issuer.asked).toHaveLength(2)
  })

  test('is good until it is stale while the issuer fails, and no longer', async () => {
    const keys = await started(first)
    answer(status(500))
    for (let age = COOLDOWN_MS; age <= MAX_STALE_MS; age += COOLDOWN_MS) {
      clock.turn(COOLDOWN_MS)
      expect(await keys.find('first', 'EdDSA')).toEqual(found('first'))
      expect(await keys.find('other', 'EdDSA')).toEqual(unavailable)
    }
    clock.turn(1)
    expect(await keys.find('first', 'EdDSA')).toEqual(unavailable)
    expect(await keys.find(undefined, 'EdDSA')).toEqual(unavailable)
    answer(setOf(first))
    clock.turn(COOLDOWN_MS)
    expect(await keys.find('first', 'EdDSA')).toEqual(found('first'))
  })

  test('does not say what is unknown while it can not be fetched anew', async () => {
    answer(setOf(first))
    const keys = remoteKeys({ cooldownSeconds: (2 * MAX_AGE_MS) / 1000 })
    await keys.start()
    clock.turn(MAX_AGE_MS)
    expect(keys.find('other', 'EdDSA')).toEqual(unknown)
    clock.turn(1)
    expect(keys.find('other', 'EdDSA')).toEqual(unavailable)
    expect(issuer.asked).toHaveLength(1)
  })
})

test('a process that is held up for longer than the time-out still takes the answer', async () => {
  answer(setOf(first))
  const keys = remoteKeys({ timeoutMs: 100 })
  const asked = keys.find('first', 'EdDSA')
  await issuer.wasAsked(1)
  holdUp(250)
  expect(await asked).toEqual(found('first'))
})

describe('an issuer that is told of', () => {
  test('is told of once when it goes, whatever it fails with, and once when it is back', async () => {
    const keys = remoteKeys()
    const answers = [status(500), status(500), status(503), setOf(first), setOf(first), status(503)]
    for (const one of answers) {
      answer(one)
      await keys.find('random', 'EdDSA')
      clock.turn(COOLDOWN_MS)
    }
    const about = `the keys of the issuer "${issuer.origin}" can`
    expect(notices).toEqual([
      `${about}not be fetched: it answered 500`,
      `${about} be fetched again`,
      `${about}not be fetched: it answered 503`,
    ])
  })
})

describe('keys that are closed', () => {
  test('end the fetch under way, make no other and tell of nothing', async () => {
    const keys = await started(first)
    answer(silence)
    clock.turn(COOLDOWN_MS)
    const asked = keys.find('second', 'EdDSA')
    await issuer.wasAsked(2)
    keys.close()
    expect(await asked).toEqual(unavailable)
    clock.turn(COOLDOWN_MS)
    expect(keys.find('second', 'EdDSA')).toEqual(unavailable)
    expect(keys.find('first', 'EdDSA')).toEqual(found('first'))
    expect(issuer.asked).toHaveLength(2)
    expect(notices).toEqual([])
  })
})
