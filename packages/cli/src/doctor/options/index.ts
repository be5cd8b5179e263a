import type { SallyportOptions } from '@sallyport/core'
import type { Sighting } from '../catalogue.ts'
import { issuerRules } from './issuers.ts'
import { sightingsOf } from './rule.ts'
import { secretRules } from './secrets.ts'
import { sessionRules } from './sessions.ts'
import { surroundingRules } from './surroundings.ts'

export { isLoopback } from './rule.ts'
export { ownSecrets } from './secrets.ts'

/** What is wrong with the options themselves. Nothing is opened or asked. */
export function judgeOptions(options: SallyportOptions): readonly Sighting[] {
  return sightingsOf([...sessionRules, ...surroundingRules, ...issuerRules, ...secretRules], options)
}
