import { randomBytes } from 'node:crypto'

/** Milliseconds since the epoch. */
export const now = (): number => Date.now()

export const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes))

/** A name that nobody else has, of 22 characters. */
export const uniqueName = (): string => randomBytes(16).toString('base64url')
