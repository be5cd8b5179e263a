import type { Client } from './options.ts'
import type { Argument, Verb } from './scripts.ts'

/** A step was done, but fewer replicas than the settings ask for have it. */
export class TooFewReplicas extends Error {}

/**
 * Sends a script and, right behind it on the same connection, WAIT. Gives the reply, and how many replicas have the
 * change.
 */
export async function sendAndWait(
  client: Client,
  verb: Verb,
  args: Argument[],
  replicas: number,
  waitMs: number,
): Promise<{ readonly reply: unknown; readonly reached: number }> {
  const pipeline = client.pipeline().callBuffer(verb, args).callBuffer('wait', [replicas, waitMs])
  const [script, wait] = (await pipeline.exec()) ?? []
  const fault = script?.[0] ?? wait?.[0]
  if (fault !== undefined && fault !== null) throw fault
  return { reply: script?.[1], reached: Number(wait?.[1] ?? 0) }
}
