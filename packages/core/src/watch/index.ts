import type { ActivityStore } from '../ports/optional/activity.ts'
import type { SubjectKeyStore } from '../ports/optional/subject-keys.ts'
import type { SessionStore } from '../ports/sessions.ts'
import type { Activity } from './activity/activity.ts'
import { type ActivitySettings, createActivities } from './activity/index.ts'
import { type Audit, type AuditParts, type AuditSettings, createAudit } from './audit/index.ts'
import type { Meter } from './metrics/meter.ts'
import { createMetrics, type Loss, type MetricsParts } from './metrics/metrics.ts'

/** What follows events, as the options say. */
export interface Watch {
  readonly activity: Activity | undefined
  readonly audit: Audit
  /** Resolves when the store has been told of every event so far. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface WatchSettings {
  readonly activity: ActivitySettings | undefined
  readonly audit: AuditSettings | undefined
  readonly meter: Meter | undefined
}

export interface WatchParts extends Omit<MetricsParts, 'losses'>, Omit<AuditParts, 'subjectKeys'> {
  readonly settings: WatchSettings
  readonly store: { readonly activity?: ActivityStore; readonly subjectKeys?: SubjectKeyStore }
  readonly sessions: (subject: string) => ReturnType<SessionStore['list']>
}

/** Starts whatever follows events. Throws a `ConfigError` if the store lacks what an option needs. */
export function createWatch(parts: WatchParts): Watch {
  const { settings, store, on } = parts
  const activity = createActivities(store.activity, settings.activity, parts)
  const audit = createAudit(settings.audit, { ...parts, subjectKeys: store.subjectKeys })
  const losses: Loss[] = []
  const lost = (name: string, description: string, count: () => number): void =>
    void losses.push({ name, description, count })
  if (activity !== undefined) {
    on('event', activity.note)
    lost('activity.lost', 'Activity events that the store did not accept', activity.lost)
  }
  const { trail } = audit
  if (trail !== undefined) {
    on('event', trail.note)
    lost('audit.dropped', 'Events that the audit trail had no room for', trail.dropped)
  }
  if (settings.meter !== undefined) createMetrics(settings.meter, { ...parts, losses })
  const settled = async (): Promise<void> => {
    await activity?.settled()
  }
  return {
    ...{ activity, audit, settled },
    async close() {
      // What was told last is still to be kept.
      await settled()
      await trail?.close()
    },
  }
}
