import type { Severity } from '@sallyport/core'
import type { JWK } from 'jose'

/** What a node needs to start. */
export interface Deployment {
  readonly redisUrl: string
  readonly privateJwk: JWK
}

/** Who sends a request. */
export interface Client {
  /** Behind this comes a number in the id of each request, by which alerts find their way back. */
  readonly owner: string
  readonly ip: string
  readonly userAgent: string
}

/** What is wanted of a node. */
export type Ask =
  /** @property passes whether the password is right */
  | {
      readonly kind: 'sign-in'
      readonly name: string
      readonly passes: boolean
      /** What the device keeps from earlier sign-ins. */
      readonly marks?: string | undefined
      readonly key?: string | undefined
    }
  | { readonly kind: 'refresh'; readonly cookie: string; readonly key?: string | undefined }
  /** Calls the API with an access token. */
  | { readonly kind: 'call'; readonly accessToken: string }

/** From the parent to a node. */
export interface Request {
  readonly id: string
  /** The time of the simulation, which the node's clock is turned to. */
  readonly at: number
  readonly client: Client
  readonly ask: Ask
}

/** What a node answered. */
export type Given =
  | {
      readonly kind: 'tokens'
      readonly cookie: string
      readonly accessToken: string
      /** Of a sign-in. */
      readonly marks?: string | undefined
    }
  /** A call was let through. */
  | { readonly kind: 'passed' }
  /** The password was wrong. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'refused'; readonly status: number }

/** What a node tells of itself, besides its answers. */
export type Report =
  | { readonly kind: 'alert'; readonly request: string; readonly rule: string; readonly severity: Severity }
  | { readonly kind: 'event'; readonly request: string; readonly event: string; readonly reason: string }

/** From a node to the parent. */
export type Message =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: string; readonly given: Given }
  | Report
