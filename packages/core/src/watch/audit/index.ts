import { createRequired, type Required } from './required.ts'
import { createTrail, type Trail, type TrailParts, type TrailSettings } from './trail.ts'
import { createVerificationPolicy, type IsTold, type VerificationPolicy } from './verifications.ts'

/** The parsed option `audit`. */
export interface AuditSettings extends TrailSettings {
  readonly verifications: VerificationPolicy
}

export interface Audit {
  /** `undefined` if the application has no sink. */
  readonly trail: Trail | undefined
  readonly required: Required
  /** Whether the use of a good token is told; `undefined`: never. */
  readonly isTold: IsTold | undefined
}

/** @param settings `undefined` if the application does not want a trail */
export function createAudit(
  settings: AuditSettings | undefined,
  parts: Pick<TrailParts, 'clock' | 'notice'>,
): Audit {
  if (settings === undefined)
    return { trail: undefined, required: createRequired(undefined), isTold: undefined }
  const trail = createTrail({ ...settings, ...parts })
  return {
    trail,
    required: createRequired(settings.required ? trail : undefined),
    isTold: createVerificationPolicy(settings.verifications),
  }
}
