import { hostname } from 'node:os'

/** Milliseconds since the epoch. */
export const now = (): number => Date.now()

/** Names this process to an operator who watches several. */
export const processName = (): string => `${hostname()}:${process.pid}`
