import { DAY } from '../simulation/agenda.ts'

/** A Monday, at midnight. */
export const START: number = Date.UTC(2026, 0, 5)
export const END: number = START + 30 * DAY
