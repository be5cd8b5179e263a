import { isIP } from 'node:net'
import type { EventName, SallyportEvent } from '@sallyport/core/sink'
import { type Format, jsonFormat } from './format.ts'
import { type Gravity, lookUp, meaningOf } from './meanings.ts'

const VERSION = '1.2.0'

/** The classes that are used, with their numbers: https://schema.ocsf.io/1.2.0/classes */
const CLASSES = {
  detectionFinding: { class_uid: 2004, category_uid: 2 },
  accountChange: { class_uid: 3001, category_uid: 3 },
  authentication: { class_uid: 3002, category_uid: 3 },
  entityManagement: { class_uid: 3004, category_uid: 3 },
  apiActivity: { class_uid: 6003, category_uid: 6 },
} as const
type ClassName = keyof typeof CLASSES

interface Classification {
  readonly name: ClassName
  /** `activity_id` of the class. */
  readonly activity: number
  /** `activity_name`. */
  readonly called: string
}

const OTHER = 99

const CLASSIFICATIONS: Readonly<Record<EventName, Classification>> = {
  'session.started': { name: 'authentication', activity: 1, called: 'Logon' },
  'session.bound': { name: 'authentication', activity: OTHER, called: 'Bind' },
  'session.refreshed': { name: 'authentication', activity: OTHER, called: 'Refresh' },
  'session.ended': { name: 'authentication', activity: 2, called: 'Logoff' },
  'login.failed': { name: 'authentication', activity: 1, called: 'Logon' },
  'account.locked': { name: 'accountChange', activity: 9, called: 'Lock' },
  'refresh.reused': { name: 'detectionFinding', activity: 1, called: 'Create' },
  'refresh.mismatched': { name: 'detectionFinding', activity: 1, called: 'Create' },
  'refresh.contested': { name: 'detectionFinding', activity: 1, called: 'Create' },
  'device.changed': { name: 'authentication', activity: OTHER, called: 'Device Change' },
  'request.refused': { name: 'apiActivity', activity: OTHER, called: 'Refuse' },
  'token.issued': { name: 'authentication', activity: OTHER, called: 'Refresh' },
  'token.accepted': { name: 'apiActivity', activity: OTHER, called: 'Accept' },
  'token.refused': { name: 'apiActivity', activity: OTHER, called: 'Refuse' },
  'policy.permitted': { name: 'apiActivity', activity: OTHER, called: 'Accept' },
  'policy.denied': { name: 'apiActivity', activity: OTHER, called: 'Refuse' },
  'token.revoked': { name: 'entityManagement', activity: 4, called: 'Delete' },
  'stepup.granted': { name: 'authentication', activity: OTHER, called: 'Step Up' },
  'password.changed': { name: 'accountChange', activity: 3, called: 'Password Change' },
  'apikey.created': { name: 'entityManagement', activity: 1, called: 'Create' },
  'apikey.revoked': { name: 'entityManagement', activity: 4, called: 'Delete' },
  'alert.raised': { name: 'detectionFinding', activity: 1, called: 'Create' },
  'key.rotated': { name: 'entityManagement', activity: 1, called: 'Create' },
  'key.compromised': { name: 'entityManagement', activity: 4, called: 'Delete' },
  'decision.degraded': { name: 'apiActivity', activity: OTHER, called: 'Judge' },
  'delivery.failed': { name: 'apiActivity', activity: OTHER, called: 'Tell' },
  'store.rollback': { name: 'detectionFinding', activity: 1, called: 'Create' },
}

const UNKNOWN: Classification = { name: 'apiActivity', activity: OTHER, called: 'Other' }

/** Informational, low and high. */
const SEVERITIES: Readonly<Record<Gravity, number>> = { none: 1, low: 2, high: 4 }
const STATUSES = { success: 1, failure: 2 } as const
/** Of a finding: new. */
const NEW = 1

/** Names that have an attribute of their own; all others are in `unmapped`, with the chain behind them. */
const MAPPED: ReadonlySet<string> = new Set(
  'time event outcome reason request_id sub sid kid ip user_agent'.split(' '),
)

/** Open Cybersecurity Schema Framework 1.2. Times are in milliseconds. */
export const ocsf: Format = jsonFormat(
  (event) => {
    const { name, activity, called } = lookUp(CLASSIFICATIONS, event.event) ?? UNKNOWN
    const { class_uid, category_uid } = CLASSES[name]
    const { title, gravity } = meaningOf(event)
    const others = Object.entries(event).filter(([member]) => !MAPPED.has(member))
    return {
      time: Date.parse(event.time),
      class_uid,
      category_uid,
      activity_id: activity,
      activity_name: called,
      type_uid: class_uid * 100 + activity,
      severity_id: SEVERITIES[gravity],
      status_id: name === 'detectionFinding' ? NEW : STATUSES[event.outcome],
      status_detail: event.reason,
      message: title,
      ...attributes[name](event),
      metadata: {
        version: VERSION,
        product: { name: 'Sallyport', vendor_name: 'Sallyport' },
        log_name: 'audit',
        event_code: event.event,
        correlation_uid: event.request_id,
      },
      unmapped: { ...Object.fromEntries(others), outcome: event.outcome },
    }
  },
  { opening: ',"chain":"', closing: '"}}' },
)

/** What a class requires or recommends beyond what all have. */
const attributes: Readonly<Record<ClassName, (event: SallyportEvent) => object>> = {
  authentication: (event) => ({
    ...request(event),
    user: user(event),
    session: session(event),
    service: { name: 'Sallyport' },
  }),
  accountChange: (event) => ({ ...request(event), user: user(event) }),
  entityManagement: (event) => ({ ...request(event), actor: actor(event), entity: entity(event) }),
  apiActivity: (event) => ({ ...request(event), actor: actor(event), api: { operation: event.event } }),
  detectionFinding: (event) => ({
    finding_info: { title: meaningOf(event).title, uid: event.request_id, types: [event.event] },
    evidences: [{ actor: actor(event), src_endpoint: source(event) }],
  }),
}

function request(event: SallyportEvent): object {
  return {
    src_endpoint: source(event),
    http_request: { uid: event.request_id, user_agent: event.user_agent },
  }
}

function source({ ip }: SallyportEvent): object {
  if (ip === undefined) return { name: 'unknown' }
  // With pseudonyms there is a network instead of an address.
  return isIP(ip) === 0 ? { name: ip } : { ip }
}

/** A user must have a name or an id. */
function user({ sub }: SallyportEvent): object {
  return sub === undefined ? { name: 'unknown', type_id: 0 } : { uid: sub, type_id: 1 }
}

function session({ sid }: SallyportEvent): object | undefined {
  return sid === undefined ? undefined : { uid: sid }
}

function actor(event: SallyportEvent): object {
  return { user: user(event), session: session(event) }
}

function entity({ event, kid, jti }: SallyportEvent): object {
  if (event === 'apikey.created' || event === 'apikey.revoked') return { uid: jti, type: 'API key' }
  return kid === undefined
    ? { name: 'access tokens', type: 'Access token' }
    : { uid: kid, type: 'Signing key' }
}
