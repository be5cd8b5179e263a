import type { Attack } from '../play/attack.ts'
import { browser } from './browser.ts'
import { ended } from './ended.ts'
import { forged } from './forged.ts'
import { guessing } from './guessing.ts'
import { kept } from './kept.ts'
import { theft } from './theft.ts'

/** All attacks, in the order of a training. */
export const attacks: readonly Attack[] = [...forged, ...kept, ...theft, ...browser, ...ended, ...guessing]
