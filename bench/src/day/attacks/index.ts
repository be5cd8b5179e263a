import type { Attack } from './attack.ts'
import { guessing } from './guessing.ts'
import { theft } from './theft.ts'

export const attacks: readonly Attack[] = [...guessing, ...theft]
