import { MINUTE, SECOND } from '../../simulation/agenda.ts'
import { type Attack, LINUX, lootOf, SCRIPT, sessionEndedBy, told } from './attack.ts'

const EXPIRES = 15 * MINUTE

/** Attacks with stolen tokens, on victims whose client sends no `Idempotency-Key`, and with forged ones. */
export const theft: readonly Attack[] = [
  {
    name: 'stolen cookie, used late',
    story: 'uses a copied refresh cookie two minutes after the victim has refreshed',
    ...{ rules: ['token_theft'], answer: sessionEndedBy('refresh.reused') },
    async *play({ victim, attacker, account }) {
      const { cookie } = lootOf(await victim.signIn(account(0), true))
      yield EXPIRES
      const { accessToken } = lootOf(await victim.refresh(cookie))
      await victim.call(accessToken)
      yield 2 * MINUTE
      await attacker(3, 1).refresh(cookie)
    },
  },
  {
    name: 'stolen cookie, used first',
    story:
      'uses a copied refresh cookie three minutes before the victim, and calls the API with what it gets',
    ...{ rules: ['token_theft'], answer: sessionEndedBy('refresh.reused') },
    async *play({ victim, attacker, account }) {
      const { cookie } = lootOf(await victim.signIn(account(0), true))
      yield EXPIRES - 3 * MINUTE
      const thief = attacker(3, 1)
      const { accessToken } = lootOf(await thief.refresh(cookie))
      await thief.call(accessToken)
      yield 3 * MINUTE
      await victim.refresh(cookie)
    },
  },
  {
    name: 'stolen cookie, used first and quietly',
    story: 'uses a copied refresh cookie three minutes before the victim, and does nothing with what it gets',
    ...{ rules: ['contested_refresh'], answer: told },
    async *play({ victim, attacker, account }) {
      const { cookie } = lootOf(await victim.signIn(account(0), true))
      yield EXPIRES - 3 * MINUTE
      await attacker(3, 1).refresh(cookie)
      yield 3 * MINUTE
      lootOf(await victim.refresh(cookie))
    },
  },
  {
    name: 'stolen cookie, within the grace',
    story:
      'comes three seconds behind each refresh of the victim with the cookie that was replaced, from its own network',
    ...{ rules: ['contested_refresh'], answer: told },
    async *play({ victim, attacker, account }) {
      let { cookie } = lootOf(await victim.signIn(account(0), true))
      for (let refresh = 0; refresh < 5; refresh++) {
        yield EXPIRES
        const replaced = cookie
        cookie = lootOf(await victim.refresh(replaced)).cookie
        yield 3 * SECOND
        await attacker(0, 1).refresh(replaced)
      }
    },
  },
  {
    name: 'stolen cookie, other device',
    story: 'uses a copied refresh cookie with a browser on another system',
    ...{ rules: ['token_theft'], answer: sessionEndedBy('refresh.mismatched') },
    async *play({ victim, attacker, account }) {
      const { cookie } = lootOf(await victim.signIn(account(0), true))
      yield 5 * MINUTE
      await attacker(3, 1, LINUX).refresh(cookie)
    },
  },
  {
    name: 'access token in two countries',
    story:
      'calls the API with a copied access token from another continent, while the victim calls it at home',
    ...{ rules: ['impossible_travel'], answer: sessionEndedBy('impossible_travel') },
    async *play({ victim, attacker, account }) {
      const { accessToken } = lootOf(await victim.signIn(account(0), true))
      await victim.call(accessToken)
      yield 4 * MINUTE
      const thief = attacker(8, 1)
      for (let call = 0; call < 3; call++) {
        await thief.call(accessToken)
        yield 10 * SECOND
      }
    },
  },
  {
    name: 'access token on several networks',
    story:
      'calls the API with a copied access token from four addresses of the victim’s city, one every 20 seconds',
    ...{ rules: ['token_networks'], answer: sessionEndedBy('token_networks') },
    async *play({ victim, attacker, account }) {
      const { accessToken } = lootOf(await victim.signIn(account(0), true))
      await victim.call(accessToken)
      for (let address = 1; address <= 4; address++) {
        yield 20 * SECOND
        await attacker(0, address).call(accessToken)
      }
    },
  },
  {
    name: 'refresh storm',
    story: 'refreshes its session 60 times, once a second',
    ...{ rules: ['refresh_rate'], answer: told },
    async *play({ attacker, account }) {
      const script = attacker(7, 1, SCRIPT)
      let { cookie } = lootOf(await script.signIn(account(0), true))
      for (let refresh = 0; refresh < 60; refresh++) {
        yield 1 * SECOND
        cookie = lootOf(await script.refresh(cookie)).cookie
      }
    },
  },
  {
    name: 'forged tokens',
    story:
      'calls the API with 40 tokens made from a genuine one: without a signature, with one of zeros, and under keys and algorithms that are not ours',
    ...{ rules: ['refused_tokens'], answer: told },
    async *play({ victim, attacker, account }) {
      const { accessToken } = lootOf(await victim.signIn(account(0), true))
      const scanner = attacker(7, 1, SCRIPT)
      for (let nth = 0; nth < 40; nth++) {
        await scanner.call(forged(accessToken, nth))
        yield 1 * SECOND
      }
    },
  },
]

const forgedHeaders: readonly object[] = [
  { alg: 'none', typ: 'at+jwt' },
  { alg: 'HS256', typ: 'at+jwt', kid: 'main' },
  { alg: 'EdDSA', typ: 'at+jwt', kid: '../../dev/null' },
  { alg: 'RS256', typ: 'at+jwt', jku: 'https://attacker.example/keys' },
]

function forged(token: string, nth: number): string {
  const [header, payload = '', signature = ''] = token.split('.')
  const other = forgedHeaders[nth % (forgedHeaders.length + 1)]
  if (other === undefined) return [header, payload, 'A'.repeat(signature.length)].join('.')
  const encoded = Buffer.from(JSON.stringify(other)).toString('base64url')
  return [encoded, payload, 'alg' in other && other.alg === 'none' ? '' : signature].join('.')
}
