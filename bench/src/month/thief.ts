import { randomUUID } from 'node:crypto'
import { type Agenda, DAY, HOUR, MINUTE, SECOND } from '../simulation/agenda.ts'
import type { Dice } from '../simulation/dice.ts'
import { ACCESS_MS } from '../simulation/visitor.ts'
import { END, START } from './calendar.ts'
import type { Heard, Service } from './service.ts'

/** When a thief refreshes: at a pace of his own, or so long after each refresh that the victim is about to make. */
export type Pace =
  | { readonly kind: 'own'; readonly everyMs: number }
  | { readonly kind: 'around'; readonly offsetMs: number }

export interface ThiefKind {
  readonly name: string
  readonly pace: Pace
}

export const thiefKinds: readonly ThiefKind[] = [
  { name: 'naive', pace: { kind: 'own', everyMs: ACCESS_MS } },
  { name: '30 s ahead', pace: { kind: 'around', offsetMs: -30 * SECOND } },
  { name: '5 s ahead', pace: { kind: 'around', offsetMs: -5 * SECOND } },
  { name: 'half a period ahead', pace: { kind: 'around', offsetMs: -ACCESS_MS / 2 } },
  { name: '3 s behind', pace: { kind: 'around', offsetMs: 3 * SECOND } },
]

export interface ThiefParts {
  readonly pace: Pace
  /** Whether he sends a key of his own with each refresh. */
  readonly keyed: boolean
  readonly victimsCookie: () => string | undefined
  readonly dice: Dice
  readonly agenda: Agenda
  readonly service: Service
  /** Whether the API refuses revoked tokens at once. */
  readonly revocable: boolean
}

/** What became of one thief. */
export interface Story {
  /** Minutes in which he had an access token that the API accepted. */
  readonly minutes: number
  /** From the theft until the session ended as stolen; absent if it did not. */
  readonly foundAfterMinutes: number | undefined
}

export interface Thief {
  /** The victim will refresh then. */
  expect(at: number): void
  /** The library tells something about the victim. */
  hear(event: Heard): void
  hasStolen(): boolean
  story(): Story
}

interface Loot {
  readonly accessToken: string
  readonly from: number
  until: number
}

const ADDRESS = '203.0.113.66'

/** Copies the cookie once, on the third day. His own answers never get lost. */
export function startThief({ pace, agenda, service, ...parts }: ThiefParts): Thief {
  const loot: Loot[] = []
  let cookie: string | undefined
  let stolenAt: number | undefined
  let foundAt: number | undefined
  let expected = 0
  let isSignedIn = false

  function steal(): void {
    if (isSignedIn) cookie = parts.victimsCookie()
    if (cookie === undefined) {
      agenda.at(agenda.now() + HOUR, steal)
      return
    }
    stolenAt = agenda.now()
    if (pace.kind === 'own') agenda.at(stolenAt, repeat)
    else schedule(expected + pace.offsetMs)
  }

  function schedule(at: number): void {
    if (at >= agenda.now()) agenda.at(at, refresh)
  }

  async function repeat(): Promise<void> {
    await refresh()
    if (pace.kind === 'own' && cookie !== undefined) agenda.at(agenda.now() + pace.everyMs, repeat)
  }

  async function refresh(): Promise<void> {
    if (cookie === undefined) return
    const key = parts.keyed ? randomUUID() : undefined
    const answer = await service.refresh({ ip: ADDRESS, cookie, key })
    cookie = answer.kind === 'tokens' ? answer.cookie : undefined
    if (answer.kind === 'ended') return
    const { accessToken } = answer
    loot.push({ accessToken, from: agenda.now(), until: agenda.now() + ACCESS_MS })
    await service.call(accessToken)
  }

  /** Which of his tokens the alarm made worthless. */
  async function dropRevoked(): Promise<void> {
    for (const one of loot)
      if (one.until > agenda.now() && !(await service.accepts(one.accessToken))) one.until = agenda.now()
  }

  agenda.at(START + parts.dice.between(2 * DAY, 3 * DAY), steal)
  return {
    expect(at) {
      expected = at
      if (cookie !== undefined && pace.kind === 'around') schedule(at + pace.offsetMs)
    },
    hear(event) {
      if (stolenAt === undefined) {
        if (event !== 'refresh.contested') isSignedIn = event === 'session.started'
        return
      }
      if (event === 'refresh.reused') {
        foundAt ??= agenda.now()
        cookie = undefined
      }
      if (parts.revocable) agenda.at(agenda.now(), dropRevoked)
    },
    hasStolen: () => stolenAt !== undefined,
    story: () => ({
      minutes: coveredBy(loot) / MINUTE,
      foundAfterMinutes:
        stolenAt === undefined || foundAt === undefined ? undefined : (foundAt - stolenAt) / MINUTE,
    }),
  }
}

/** Milliseconds of the month in which at least one of the tokens was good. They are in the order in which he got them. */
function coveredBy(loot: readonly Loot[]): number {
  let covered = 0
  let until = 0
  for (const one of loot) {
    const end = Math.min(one.until, END)
    covered += Math.max(0, end - Math.max(one.from, until))
    until = Math.max(until, end)
  }
  return covered
}
