import { accessOf, claimsOf, cookieOf, type Reply } from '../faults/client.ts'
import { finalStatus } from '../faults/system.ts'
import type { Node, Stage } from './stage.ts'

/** Somebody who signed in, and what they hold. */
export interface SignedIn {
  readonly access: string
  readonly cookie: string
  readonly subject: string
  readonly session: string
}

export function nodeAt({ nodes }: Stage, index: number): Node {
  const node = nodes[index % nodes.length]
  if (node === undefined) throw new RangeError('the stage has no servers')
  return node
}

export async function signIn(stage: Stage, name: string, at = 0): Promise<SignedIn> {
  return held(await nodeAt(stage, at).login(name))
}

/** What an answer handed out; throws for one that handed out nothing. */
export function held(reply: Reply): SignedIn {
  const access = accessOf(reply)
  const { sub: subject, sid: session } = claimsOf(access)
  return { access, cookie: cookieOf(reply), subject, session }
}

/** What each server answers to an access token, once it had the time to hear of a revocation. */
export function answersTo({ nodes }: Stage, { access }: SignedIn): Promise<readonly number[]> {
  return Promise.all(nodes.map((node) => finalStatus(node, access)))
}

/** What each server answers to it now. */
export async function answersNow({ nodes }: Stage, { access }: SignedIn): Promise<readonly number[]> {
  return Promise.all(nodes.map(async (node) => (await node.me(access)).status))
}

export async function refreshed(stage: Stage, { cookie }: SignedIn, at = 0): Promise<number> {
  return (await nodeAt(stage, at).refresh(cookie)).status
}

export const SERVED: readonly number[] = [200, 200, 200]
export const REFUSED: readonly number[] = [401, 401, 401]
