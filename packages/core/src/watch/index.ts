import type { ActivityStore } from '../ports/optional/activity.ts'
import type { SubjectKeyStore } from '../ports/optional/subject-keys.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Activity } from './activity/activity.ts'
import { type ActivitySettings, createActivities } from './activity/index.ts'
import type { Risk } from './alerts/risk.ts'
import { type Audit, type AuditParts, type AuditSettings, createAudit } from './audit/index.ts'
import { createVerificationPolicy, type WhenTold } from './audit/verifications.ts'
import type { Meter } from './metrics/meter.ts'
import { createMetrics, type Loss, type MetricsParts } from './metrics/metrics.ts'
import { type AnomaliesParts, type AnomaliesSettings, createAnomalies } from './rules/index.ts'

/** What follows events, as the options say. */
export interface Watch {
  readonly activity: Activity | undefined
  readonly audit: Audit
  /** `undefined` if nothing looks for anomalies. */
  readonly risk: Risk | undefined
  /** Whether the use of a good token is told, and when; `undefined`: never. */
  readonly whenTold: WhenTold | undefined
  /** Resolves when the store has been told of every event so far. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface WatchSettings {
  readonly activity: ActivitySettings | undefined
  readonly audit: AuditSettings | undefined
  readonly anomalies: AnomaliesSettings | undefined
  readonly meter: Meter | undefined
}

export interface WatchParts
  extends Omit<AnomaliesParts, 'sightings' | 'counters' | 'devices'>,
    Omit<AuditParts, 'subjectKeys'>,
    Omit<MetricsParts, 'losses'> {
  readonly settings: WatchSettings
  readonly store: {
    readonly activity?: ActivityStore
    readonly sightings?: AnomaliesParts['sightings']
    readonly counters?: AnomaliesParts['counters']
    readonly subjectKeys?: SubjectKeyStore
  }
  readonly sessions: (subject: string) => ReturnType<SessionStore['list']>
  /** Emits what was to be emitted soon. */
  readonly emitWaiting: () => void
}

/** Starts whatever follows events. Throws a `ConfigError` if the store lacks what an option needs. */
export function createWatch(parts: WatchParts): Watch {
  const { settings, store, on } = parts
  const activity = createActivities(store.activity, settings.activity, parts)
  const anomalies = createAnomalies(settings.anomalies, {
    ...parts,
    ...{ sightings: store.sightings, counters: store.counters },
  })
  const audit = createAudit(settings.audit, { ...parts, subjectKeys: store.subjectKeys })
  const { trail, pseudonyms } = audit
  const losses: Loss[] = []
  const lost = (name: string, description: string, count: () => number): void =>
    void losses.push({ name, description, count })
  if (activity !== undefined) {
    on('event', activity.note)
    lost('activity.lost', 'Activity events that the store did not accept', activity.lost)
  }
  if (anomalies !== undefined) {
    on('event', anomalies.note)
    lost('anomalies.lost', 'Events that were not judged by all rules', anomalies.lost)
    const { webhook } = anomalies
    if (webhook !== undefined) lost('alerts.lost', 'Alerts that the webhook did not accept', webhook.lost)
  }
  if (trail !== undefined) {
    on('event', trail.note)
    // Whoever was forgotten was signed out, which all processes hear.
    if (pseudonyms !== undefined)
      on('revoked', (revocation) => {
        if (revocation.kind === 'subject') pseudonyms.forget(revocation.tag)
      })
    lost('audit.dropped', 'Events that the audit trail had no room for', trail.dropped)
  }
  if (settings.meter !== undefined) createMetrics(settings.meter, { ...parts, losses })
  // Rules look at the networks that use a token.
  const verifications = settings.audit?.verifications ?? (anomalies ? 'first' : 'none')
  if (anomalies !== undefined && verifications !== 'first' && verifications !== 'all')
    parts.notice(
      'with "audit.verifications" as it is, the rules of "anomalies" do not see every network that uses a token',
    )
  const settled = async (): Promise<void> => {
    parts.emitWaiting()
    await anomalies?.settled()
    await activity?.settled()
  }
  return {
    ...{ activity, audit, risk: anomalies?.risk, settled },
    whenTold: createVerificationPolicy(verifications, {
      clock: parts.clock,
      required: settings.audit?.required === true,
    }),
    async close() {
      // What was told last is still to be kept.
      await settled()
      await anomalies?.webhook?.close()
      await trail?.close()
    },
  }
}
