import { ConfigError } from '../../errors.ts'
import type { SubjectKeyStore } from '../../ports/optional/subject-keys.ts'
import { createPseudonyms, type Pseudonyms, type PseudonymsParts } from './pseudonyms.ts'
import { createRequired, type Required } from './required.ts'
import { createTrail, type Trail, type TrailParts, type TrailSettings } from './trail.ts'
import type { VerificationPolicy } from './verifications.ts'

/** The parsed option `audit`. */
export interface AuditSettings extends TrailSettings {
  readonly verifications: VerificationPolicy
  readonly subjects: 'pseudonyms' | 'plain'
  /** How long the key of a pseudonym is kept after its last use. */
  readonly keptMs: number
}

export interface Audit {
  /** `undefined` if the application has no sink. */
  readonly trail: Trail | undefined
  /** `undefined` if subjects are named as they are, or there is no trail. */
  readonly pseudonyms: Pseudonyms | undefined
  readonly required: Required
}

export interface AuditParts
  extends Pick<TrailParts, 'clock' | 'notice'>,
    Pick<PseudonymsParts, 'devices' | 'random'> {
  readonly subjectKeys: SubjectKeyStore | undefined
}

/** @param settings `undefined` if the application does not want a trail */
export function createAudit(settings: AuditSettings | undefined, parts: AuditParts): Audit {
  if (settings === undefined)
    return {
      ...{ trail: undefined, pseudonyms: undefined },
      required: createRequired(undefined),
    }
  const pseudonyms = pseudonymsFor(settings, parts)
  const trail = createTrail({ ...settings, ...parts, pseudonyms })
  return {
    ...{ trail, pseudonyms },
    required: createRequired(settings.required ? trail : undefined),
  }
}

function pseudonymsFor(
  { subjects, keptMs }: AuditSettings,
  { subjectKeys, devices, clock, random }: AuditParts,
): Pseudonyms | undefined {
  if (subjects === 'plain') return undefined
  if (subjectKeys !== undefined)
    return createPseudonyms({ store: subjectKeys, devices, keptMs, clock, random })
  throw new ConfigError('audit.subjects', {
    sentence:
      '"store" keeps no keys of subjects, by which the audit trail hides them: set "audit.subjects" to "plain"',
  })
}
