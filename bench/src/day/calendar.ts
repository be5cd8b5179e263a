import { DAY } from '../simulation/agenda.ts'

/** A Monday, at midnight. */
export const START: number = Date.UTC(2026, 0, 5)
export const END: number = START + DAY
/** Some people have not been here for so long. */
export const PAST: number = START - 400 * DAY
