import type { Call, Reply } from '../../faults/client.ts'
import { nameOf, type Recorder } from '../../faults/recorder.ts'
import type { Node } from '../../faults/system.ts'
import type { Chances } from '../../support/chances.ts'
import type { Complaints } from '../judged/complaints.ts'
import type { Fleet } from '../planned/fleet.ts'
import type { Outages } from '../planned/outages.ts'
import type { Held, People } from './people.ts'

/** What every kind of traffic has to do with. */
export interface Scene {
  readonly fleet: Pick<Fleet, 'any' | 'up'>
  readonly people: People
  readonly recorder: Recorder
  readonly outages: Outages
  readonly complaints: Complaints
  readonly chances: Chances
}

/** One thing that a client does, with all that follows from it. */
export type Action = (scene: Scene) => Promise<void>

/** Whether an answer is one of the expected ones. No answer and 5xx are nobody's matter here: they are judged as they come. */
export function isAnswer(
  { complaints }: Scene,
  what: string,
  reply: Reply | undefined,
  statuses: readonly number[],
): boolean {
  if (reply === undefined || reply.status >= 500) return false
  if (statuses.includes(reply.status)) return true
  complaints.add(
    'answer',
    `${what}: ${reply.status} ${reply.text.slice(0, 200)}, not ${statuses.join(' or ')}`,
  )
  return false
}

/** Asks with the session's access token, and writes down what that says of the session. */
export async function askAs(
  { recorder }: Scene,
  node: Node,
  session: Held,
  method: string,
  path: string,
  call: Call = {},
): Promise<Reply | undefined> {
  const reply = await recorder.ask(node, method, path, { access: session.access, ...call })
  if (reply !== undefined)
    noteJudged(recorder, node, session, reply, reply.status === 204 ? 200 : reply.status)
  return reply
}

/** What an answer, whatever its form, says of a session: 200 that it is good, 401 that it is not. */
export function noteJudged(
  recorder: Recorder,
  node: Node,
  session: Held,
  { sentAt, answeredAt: at }: Reply,
  status: number,
): void {
  recorder.note({ what: 'judged', session: session.id, node: nameOf(node), sentAt, at, status })
}
