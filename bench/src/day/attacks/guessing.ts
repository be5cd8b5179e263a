import { DAY, MINUTE, SECOND } from '../../simulation/agenda.ts'
import {
  type Attack,
  accountLocked,
  LINUX,
  lootOf,
  networkRefused,
  SCRIPT,
  sessionEndedBy,
  told,
} from './attack.ts'

/** Attacks on passwords, and with passwords. */
export const guessing: readonly Attack[] = [
  {
    name: 'credential stuffing',
    story:
      'tries 300 pairs of a leaked list once each, one every two seconds, from one address; one in a hundred fits',
    ...{ rules: ['failed_sign_ins'], answer: networkRefused },
    async *play({ attacker, account, dice }) {
      const script = attacker(7, 1, SCRIPT)
      for (let pair = 0; pair < 300; pair++) {
        await script.signIn(account(pair), dice.chance(0.01))
        yield 2 * SECOND
      }
    },
  },
  {
    name: 'guessing at one account',
    story: 'tries 50 passwords at one account from one address, one every three seconds',
    ...{ rules: ['account_locked', 'failed_sign_ins'], answer: accountLocked },
    async *play({ attacker, account }) {
      const script = attacker(7, 1, SCRIPT)
      for (let guess = 0; guess < 50; guess++) {
        await script.signIn(account(0), false)
        yield 3 * SECOND
      }
    },
  },
  {
    name: 'spraying',
    story: 'tries one password at 2,000 accounts of honest people from one address, one a second',
    ...{ rules: ['failed_sign_ins'], answer: networkRefused },
    async *play({ attacker, everybody, dice }) {
      const script = attacker(7, 1)
      const from = Math.floor(dice.between(0, everybody.length))
      const names = [...everybody.slice(from), ...everybody.slice(0, from)].slice(0, 2000)
      for (const name of names) {
        await script.signIn(name, false)
        yield 1 * SECOND
      }
    },
  },
  {
    name: 'distributed guessing',
    story: 'tries 200 passwords at one account from 200 addresses, one every four seconds',
    ...{ rules: ['account_locked'], answer: accountLocked },
    async *play({ attacker, account }) {
      for (let guess = 0; guess < 200; guess++) {
        await attacker(guess % 8, guess, SCRIPT).signIn(account(0), false)
        yield 4 * SECOND
      }
    },
  },
  {
    name: 'one device, many accounts',
    story: 'holds the passwords of 15 accounts and signs in to all of them with one browser, one a minute',
    ...{ rules: ['shared_device'], answer: told },
    async *play({ attacker, account }) {
      const mule = attacker(7, 1, LINUX)
      for (let victim = 0; victim < 15; victim++) {
        await mule.signIn(account(victim), true)
        yield MINUTE
      }
    },
  },
  {
    name: 'a known password, far away',
    story: 'signs in with the right password from another continent, half an hour after its owner',
    ...{ rules: ['impossible_travel'], answer: sessionEndedBy('impossible_travel') },
    async *play({ victim, attacker, account }) {
      await victim.signIn(account(0), true)
      yield 30 * MINUTE
      await attacker(8, 1, LINUX).signIn(account(0), true)
    },
  },
  {
    name: 'an account long asleep',
    story: 'signs in with the right password on a device of its own, 120 days after the owner was last here',
    ...{ rules: ['long_silence'], answer: told, leadMs: 120 * DAY },
    async *play({ victim, attacker, account }) {
      await victim.signIn(account(0), true)
      yield 120 * DAY
      lootOf(await attacker(0, 1, LINUX).signIn(account(0), true))
    },
  },
]
