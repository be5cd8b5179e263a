import type { Client } from './options.ts'

const RECONNECT_EVERY_MS = 1000

/**
 * Gives a function to call with each fault. It sends a notice once for each code with which the server refuses
 * commands, and reconnects when the server turns out to be a replica: its address may lead to another primary by now.
 *
 * Only the code is shown. The server's message may repeat arguments, and so tokens.
 */
export function createFaultReports(
  client: Client,
  notice: (message: string) => void,
): (cause: unknown) => void {
  const reported = new Set<string>()
  let reconnectedAt = Number.NEGATIVE_INFINITY

  /** A Cluster client finds the new primary by itself. */
  function leaveReplica(): void {
    const now = performance.now()
    if (client.isCluster || client.status !== 'ready' || now - reconnectedAt < RECONNECT_EVERY_MS) return
    reconnectedAt = now
    client.disconnect(true)
  }

  return (cause) => {
    const code =
      cause instanceof Error && cause.name === 'ReplyError' ? /^[A-Z]+/.exec(cause.message)?.[0] : undefined
    if (code === 'READONLY') leaveReplica()
    if (code === undefined || code === 'LATE' || reported.has(code)) return
    reported.add(code)
    notice(`Redis refuses a command with ${code}: it counts as away until it accepts commands again`)
  }
}
