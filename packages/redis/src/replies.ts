import type { Answered, Reply } from './commands.ts'
import { Unreadable } from './unreadable.ts'

/** The second part of a reply of steps that go on in slices. */
export const TOO_MANY = 1

export function arrayOf(reply: Reply): readonly Reply[] {
  if (!Array.isArray(reply)) throw new Unreadable('a reply')
  return reply
}

export function bytesOf(reply: Reply | undefined): Buffer {
  if (!Buffer.isBuffer(reply)) throw new Unreadable('a reply')
  return reply
}

const FIRST = '0'

/**
 * Takes a step for each slice of a user's hash: it is given a cursor, and returns the next one and what it found there.
 * Gives what all of them found. That may have doubles, since Redis may show a field twice.
 */
export async function walk(
  step: (cursor: string) => Promise<Answered<Reply>>,
): Promise<Answered<readonly Buffer[]>> {
  const all: Buffer[] = []
  let cursor = FIRST
  do {
    const answer = await step(cursor)
    if (answer.kind === 'unavailable') return answer
    const [next, ...found] = arrayOf(answer.value).map(bytesOf)
    all.push(...found)
    cursor = String(next)
  } while (cursor !== FIRST)
  return { kind: 'answered', value: all }
}
