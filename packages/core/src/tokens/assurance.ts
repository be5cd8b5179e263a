import type { Elevation, Grant } from '../ports/session.ts'

/** How and when the user of a session has proved who they are. */
export interface Assurance {
  /** Seconds since the epoch. */
  readonly authenticatedAt: number
  readonly acr?: string
  readonly amr?: readonly string[]
}

/**
 * The assurance of a token that was issued at this second: that of the sign-in, or for a while that of an elevation. A
 * token from before the elevation has none of it.
 */
export function assuranceAt(grant: Grant, issuedAt: number): Assurance {
  return elevationAt(grant, issuedAt) ?? grant
}

/** The elevation that a token has that is issued at this second, if it has one. */
export function elevationAt({ elevation }: Grant, issuedAt: number): Elevation | undefined {
  if (elevation === undefined) return undefined
  return elevation.authenticatedAt <= issuedAt && issuedAt < elevation.until ? elevation : undefined
}
