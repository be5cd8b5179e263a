import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { InterruptedError, type Surroundings, UsageError } from '../surroundings.ts'
import { utf8Of } from './utf8.ts'

/** Asks a question on the terminal, and gives the answer without spaces around it. */
export function ask(surroundings: Surroundings, question: string): Promise<string> {
  return answerTo(surroundings, question, 'shown')
}

/** Does the same, and does not show what is typed. */
export function askSecretly(surroundings: Surroundings, question: string): Promise<string> {
  return answerTo(surroundings, question, 'hidden')
}

/** Whether somebody can answer. Nobody can once standard input was read to its end, such as for a list. */
export function isInteractive({ stdin }: Surroundings): boolean {
  return stdin?.isTTY === true && !stdin.readableEnded
}

/** Whether to go on with what can't be undone. Without a terminal, `--yes` has to say so. */
export async function isConfirmed(
  surroundings: Surroundings,
  { yes }: { readonly yes?: true },
  question: string,
): Promise<boolean> {
  if (yes) return true
  if (!isInteractive(surroundings))
    throw new UsageError('this can not be undone, and there is no terminal to ask on: pass --yes')
  const answer = await ask(surroundings, `${question} [y/N] `)
  if (/^y(es)?$/i.test(answer)) return true
  surroundings.stderr.write('Nothing was changed.\n')
  return false
}

/** Everything on standard input, such as a token or a list. Rejects with a `UsageError` if it is no UTF-8. */
export async function readInput({ stdin }: Surroundings): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin ?? []) chunks.push(Buffer.from(chunk))
  return utf8Of(Buffer.concat(chunks), 'standard input')
}

async function answerTo(
  { stdin, stderr }: Surroundings,
  question: string,
  echo: 'shown' | 'hidden',
): Promise<string> {
  if (stdin === undefined || stdin.readableEnded) throw new UsageError('there is no terminal to ask on')
  const isShown = echo === 'shown'
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (isShown) stderr.write(chunk.toString())
      done()
    },
  })
  const lines = createInterface({ input: stdin, output, terminal: true })
  const stopped = new AbortController()
  lines.once('SIGINT', () => stopped.abort())
  lines.once('close', () => stopped.abort())
  try {
    if (!isShown) stderr.write(question)
    return (await lines.question(isShown ? question : '', { signal: stopped.signal })).trim()
  } catch (cause) {
    if (stopped.signal.aborted) throw new InterruptedError('interrupted', { cause })
    throw cause
  } finally {
    if (!isShown || stopped.signal.aborted) stderr.write('\n')
    lines.close()
  }
}
