import { setTimeout as sleep } from 'node:timers/promises'
import { type Agenda, MINUTE } from '../../simulation/agenda.ts'
import type { Dice } from '../../simulation/dice.ts'
import type { Fleet, Heard } from '../fleet.ts'
import { addressIn } from '../geography.ts'
import type { Ask, Client, Given } from '../messages.ts'

const WINDOWS =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
export const LINUX = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
export const SCRIPT = 'python-requests/2.32.5'

/** What the deployment does about an attack. */
export type Answer =
  /** The operator gets the alert. */
  | { readonly kind: 'told' }
  | { readonly kind: 'event'; readonly event: string; readonly reason: string; readonly says: string }

/** A script, and what must come of it. */
export interface Attack {
  readonly name: string
  /** What the attacker does: the rest of a sentence that begins with the name. */
  readonly story: string
  /** The rules, each of which has to raise an alert. */
  readonly rules: readonly string[]
  readonly answer: Answer
  /** How long before the day it begins. */
  readonly leadMs?: number
  /** Plays it. Yields how many milliseconds pass before it goes on. */
  play(scene: Scene): AsyncGenerator<number, void, void>
}

export const told: Answer = { kind: 'told' }
export const sessionEndedBy = (reason: string): Answer => ({
  ...{ kind: 'event', event: 'session.ended', reason, says: 'session ended' },
})
export const accountLocked: Answer = {
  ...{ kind: 'event', event: 'account.locked', reason: 'too_many_failures', says: 'account locked' },
}
export const networkRefused: Answer = {
  ...{ kind: 'event', event: 'login.failed', reason: 'network_locked', says: 'network refused' },
}

/** Somebody with an address and a browser. */
export interface Actor {
  signIn(name: string, passes: boolean): Promise<Given>
  refresh(cookie: string): Promise<Given>
  call(accessToken: string): Promise<Given>
}

export interface Loot {
  readonly cookie: string
  readonly accessToken: string
}

/** What an attack acts with, each time that it is played: addresses and victims of its own. */
export interface Scene {
  readonly dice: Dice
  /** Names that nobody else has; the first one is the victim's. */
  account(nth: number): string
  /** Accounts of the honest people. */
  readonly everybody: readonly string[]
  /** An honest person in the first city. */
  readonly victim: Actor
  /** The attacker, at an address of a city. What is sent by it counts as an attempt. */
  attacker(city: number, nth: number, userAgent?: string): Actor
}

/** What was heard of an attack that was played once. */
export interface Played {
  readonly attack: Attack
  readonly heard: readonly (Heard & { /** The attacker's so far. */ readonly attempts: number })[]
}

export interface StageParts {
  readonly attack: Attack
  readonly owner: string
  /** A number that no other has, from which its addresses come. */
  readonly nth: number
  readonly starts: number
  readonly everybody: readonly string[]
  readonly dice: Dice
  readonly agenda: Agenda
  readonly fleet: Fleet
}

/** So many addresses in each city are an attack's own. */
const ADDRESSES = 200

/** The store is told within 5 real milliseconds that a token was seen in use, which is before minutes are over. */
const REST_MS = 20

/** Puts an attack on the agenda. */
export function stage(parts: StageParts): Played & { hear(heard: Heard): void } {
  const { attack, owner, nth, dice, agenda, fleet, everybody } = parts
  const heard: (Heard & { readonly attempts: number })[] = []
  let attempts = 0

  function actor(client: Client, count: () => void): Actor {
    const ask = (wanted: Ask): Promise<Given> => {
      count()
      return fleet.ask(client, wanted)
    }
    return {
      signIn: (name, passes) => ask({ kind: 'sign-in', name, passes }),
      refresh: (cookie) => ask({ kind: 'refresh', cookie }),
      call: (accessToken) => ask({ kind: 'call', accessToken }),
    }
  }

  const addressOf = (city: number, one: number): string => addressIn(city, 'attacker', nth * ADDRESSES + one)
  const scene: Scene = {
    ...{ dice, everybody, account: (one) => `${owner}-${one}` },
    victim: actor({ owner, ip: addressOf(0, 0), userAgent: WINDOWS }, () => {}),
    attacker: (city, one, userAgent = WINDOWS) =>
      actor({ owner, ip: addressOf(city, one), userAgent }, () => void attempts++),
  }
  const script = attack.play(scene)
  async function goOn(): Promise<void> {
    const { done, value } = await script.next()
    if (done === true) return
    agenda.at(agenda.now() + value, goOn)
    if (value >= MINUTE) await sleep(REST_MS)
  }
  agenda.at(parts.starts - (attack.leadMs ?? 0), goOn)
  return { attack, heard, hear: (one) => void heard.push({ ...one, attempts }) }
}

/** The tokens of an answer, where a script can't go on without. */
export function lootOf(given: Given): Loot {
  if (given.kind !== 'tokens') throw new Error(`an attack was answered ${JSON.stringify(given)}`)
  return given
}
