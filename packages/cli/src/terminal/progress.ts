import type { Surroundings } from '../surroundings.ts'

/** Shows how far long work is, to people only: never in a file or a pipe. */
export interface Progress {
  show(done: number): void
  /** Takes away what was shown. */
  end(): void
}

export function createProgress({ stderr }: Surroundings, total: number, noun: string): Progress {
  const isShown = stderr.isTTY === true
  const write = (text: string): void => {
    if (isShown) stderr.write(`\r\u001b[K${text}`)
  }
  return {
    show: (done) =>
      write(`${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')} ${noun}; Ctrl-C stops`),
    end: () => write(''),
  }
}

/** Whether somebody has pressed Ctrl-C. The second time ends the process at once, as always. */
export interface Interrupts {
  readonly isInterrupted: boolean
  close(): void
}

export function heedInterrupts(surroundings: Surroundings, interrupted?: () => void): Interrupts {
  let isInterrupted = false
  const listener = (): void => {
    isInterrupted = true
    surroundings.off?.('SIGINT', listener)
    interrupted?.()
  }
  surroundings.on?.('SIGINT', listener)
  return {
    get isInterrupted() {
      return isInterrupted
    },
    close: () => void surroundings.off?.('SIGINT', listener),
  }
}
