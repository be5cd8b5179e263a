import { type AnomalyRule, type CountSettings, counting, type RuleAlert, type RuleResponses } from './rule.ts'

export interface DaysSettings extends RuleResponses {
  readonly days: number
}

const DAY_SECONDS = 86_400
/** Longer ago than this, nothing is known of a user. */
const REMEMBERED_DAYS = 400
const MOST_DEVICES = 32
const SIGNED_IN = 'signed_in'

/** Guessing, stuffing or spraying from one place. What one account suffers is the matter of the lockout. */
export function failedSignIns(settings: CountSettings): AnomalyRule<'login.failed'> {
  return {
    ...counting(settings, 'failed sign-ins from one network'),
    name: 'failed_sign_ins',
    events: ['login.failed'],
    observe: (_event, { network }) => (network === undefined ? undefined : { by: [network] }),
  }
}

/** The lockout has counted already. */
export function accountLocked(responses: RuleAlert): AnomalyRule<'account.locked'> {
  return {
    ...{ ...responses, name: 'account_locked', events: ['account.locked'], windowSeconds: 1, most: 1 },
    observe: () => ({}),
    judge: () => ({ summary: 'an account was locked after too many failed sign-ins' }),
  }
}

/** Whoever holds the passwords of many signs in as all of them. An office with one browser for all looks the same. */
export function sharedDevice(settings: CountSettings): AnomalyRule<'session.started'> {
  return {
    ...counting(settings, 'users signed in from one device'),
    ...{ name: 'shared_device', severity: 'notice', events: ['session.started'] },
    observe: ({ sub, user_agent = '' }, { network, hash }) =>
      network === undefined ? undefined : { by: [network, user_agent], value: hash(sub) },
  }
}

/** Silent for the first device of a user, since everybody has one. */
export function newDevice({ days, ...responses }: DaysSettings): AnomalyRule<'session.started'> {
  return {
    ...{ ...responses, name: 'new_device', events: ['session.started'], severity: 'notice' },
    ...{ windowSeconds: days * DAY_SECONDS, most: MOST_DEVICES, quietSeconds: 0 },
    observe: (_event, { device }) => ({ by: 'user', value: device }),
    judge: ({ values, before }) =>
      before === undefined && values.length > 1
        ? { summary: `a user signed in from a device that was not seen for ${days} days` }
        : undefined,
  }
}

export function longSilence({ days, ...responses }: DaysSettings): AnomalyRule<'session.started'> {
  return {
    ...{ ...responses, name: 'long_silence', events: ['session.started'], severity: 'notice' },
    ...{ windowSeconds: REMEMBERED_DAYS * DAY_SECONDS, most: 1, quietSeconds: 0 },
    observe: () => ({ by: 'user', value: SIGNED_IN }),
    judge({ values: [now], before }) {
      if (now === undefined || before === undefined || now.at - before <= days * DAY_SECONDS * 1000)
        return undefined
      return { summary: `a user signed in for the first time in more than ${days} days` }
    },
  }
}
