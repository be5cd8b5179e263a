import { isIP } from 'node:net'
import type { EventName } from '@sallyport/core/sink'
import { type Format, jsonFormat } from './format.ts'
import { lookUp, meaningOf } from './meanings.ts'
import { renamed } from './members.ts'

const VERSION = '8.17.0'

/** Names of members in the Elastic Common Schema: https://www.elastic.co/docs/reference/ecs/ecs-field-reference */
const NAMES = {
  time: '@timestamp',
  event: 'event.action',
  outcome: 'event.outcome',
  reason: 'event.reason',
  request_id: 'http.request.id',
  sub: 'user.id',
  user_agent: 'user_agent.original',
}

/** The values of `event.category`, and those of `event.type` that may go with them. */
interface Categories {
  readonly kind?: 'alert'
  readonly category: readonly ('authentication' | 'session' | 'iam' | 'configuration' | 'web')[]
  readonly type: readonly (
    | 'start'
    | 'end'
    | 'info'
    | 'user'
    | 'change'
    | 'creation'
    | 'deletion'
    | 'error'
    | 'access'
  )[]
}

const CATEGORIES: Readonly<Record<EventName, Categories>> = {
  'session.started': { category: ['authentication', 'session'], type: ['start'] },
  'session.bound': { category: ['session'], type: ['info'] },
  'session.refreshed': { category: ['session'], type: ['info'] },
  'session.ended': { category: ['authentication', 'session'], type: ['end'] },
  'login.failed': { category: ['authentication'], type: ['start'] },
  'account.locked': { category: ['iam'], type: ['user', 'change'] },
  'refresh.reused': { kind: 'alert', category: ['session'], type: ['info'] },
  'refresh.mismatched': { kind: 'alert', category: ['session'], type: ['info'] },
  'refresh.contested': { category: ['session'], type: ['info'] },
  'device.changed': { category: ['session'], type: ['info'] },
  'request.refused': { category: ['web'], type: ['access', 'error'] },
  'token.issued': { category: ['session'], type: ['info'] },
  'token.accepted': { category: ['authentication'], type: ['info'] },
  'token.refused': { category: ['authentication'], type: ['info'] },
  'policy.permitted': { category: ['web'], type: ['access'] },
  'policy.denied': { category: ['web'], type: ['access', 'error'] },
  'token.revoked': { category: ['session'], type: ['end'] },
  'password.changed': { category: ['iam'], type: ['user', 'change'] },
  'stepup.granted': { category: ['authentication'], type: ['info'] },
  'apikey.created': { category: ['iam'], type: ['user', 'creation'] },
  'apikey.revoked': { category: ['iam'], type: ['user', 'deletion'] },
  'alert.raised': { kind: 'alert', category: ['session'], type: ['info'] },
  'key.rotated': { category: ['configuration'], type: ['creation'] },
  'key.compromised': { category: ['configuration'], type: ['deletion'] },
  'decision.degraded': { category: ['authentication'], type: ['info'] },
  'delivery.failed': { category: ['session'], type: ['info'] },
  'store.rollback': { kind: 'alert', category: ['configuration'], type: ['info'] },
}

const UNKNOWN: Categories = { category: [], type: ['info'] }

/** Elastic Common Schema 8.17, with dotted names, as the loggers of Elastic write it. */
export const ecs: Format = jsonFormat(
  (event) => {
    const { kind = 'event', category, type } = lookUp(CATEGORIES, event.event) ?? UNKNOWN
    // A field of the type `ip` takes nothing but an address. With pseudonyms there is its network instead.
    const ip = isIP(event.ip ?? '') === 0 ? 'source.address' : 'source.ip'
    return {
      ...renamed({ ...event }, { ...NAMES, ip }),
      'event.kind': kind,
      'event.category': category,
      'event.type': type,
      'event.module': 'sallyport',
      'event.dataset': 'sallyport.audit',
      message: meaningOf(event).title,
      'ecs.version': VERSION,
    }
  },
  { opening: ',"sallyport.chain":"', closing: '"}' },
)
