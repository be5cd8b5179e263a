import { type Answer, nameOf } from '../../faults/recorder.ts'
import type { Outages } from '../planned/outages.ts'
import type { Complaints } from './complaints.ts'

/** Every request is answered within this, on a machine that does other things besides. */
const ANSWERED_WITHIN_MS = 5000

/** Judges each answer, whatever was asked, by what holds for all of them. */
export function createAnswerJudge(outages: Outages, complaints: Complaints): (answer: Answer) => void {
  return ({ node, askedAt, reply }) => {
    const name = nameOf(node)
    const now = performance.now()
    const took = Math.round(now - askedAt)
    if (reply === undefined) {
      if (!outages.excuseSilence(name, askedAt, now))
        complaints.add('silence', `${name}: no answer after ${took} ms`)
      return
    }
    const { status, text } = reply
    if (status >= 500 && (status !== 503 || !outages.excuse(name, askedAt, now)))
      complaints.add('fault', `${name}: ${status} after ${took} ms: ${text.slice(0, 200)}`)
    if (took > ANSWERED_WITHIN_MS && !outages.excuse(name, askedAt, now))
      complaints.add('silence', `${name}: ${status} after ${took} ms`)
  }
}
