import { cef } from './cef.ts'
import { ecs } from './ecs.ts'
import type { Format } from './format.ts'
import { json } from './json.ts'
import { ocsf } from './ocsf.ts'

/**
 * How an event is written. `json`: as it is. `ecs`: Elastic Common Schema 8.17. `ocsf`: Open Cybersecurity Schema
 * Framework 1.2. `cef`: Common Event Format, version 0.
 */
export type FormatName = 'json' | 'ecs' | 'ocsf' | 'cef'

/** The formats, by the names of the option. */
export const formats: Readonly<Record<FormatName, Format>> = { json, ecs, ocsf, cef }
