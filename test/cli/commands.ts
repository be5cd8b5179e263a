import { execFile } from 'node:child_process'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { run, type Surroundings } from '@sallyport/cli'

export const program: string = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Given {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What standard input has, which is no terminal. */
  readonly input?: string
  /** Whether that is typed on a terminal, and ended by Ctrl-D. */
  readonly isTerminal?: true
  /** What somebody types on a terminal, question by question. */
  readonly typed?: readonly string[]
  /** Whether somebody looks at standard error. */
  readonly isWatched?: true
  /** Sees whatever is on the screen so far, and says whether to press Ctrl-C. */
  whenShown?(text: string): Promise<boolean>
}

/** Runs a command in this process. */
export async function command(args: readonly string[], given: Given = {}): Promise<Ended> {
  const { env = {}, cwd = '/', input = '', isTerminal, typed } = given
  const said = { stdout: '', stderr: '' }
  const presses = new Set<() => void>()
  const shown = async (): Promise<void> => {
    if (await given.whenShown?.(said.stdout)) for (const press of presses) press()
  }
  const lines = [...(typed ?? [])]
  const stdin =
    typed === undefined ? Object.assign(Readable.from([input]), { isTTY: isTerminal }) : terminal()
  const code = await run(args, {
    ...{ env, stdin, cwd: () => cwd },
    stdout: {
      write(text: string) {
        said.stdout += text
        void shown()
      },
    },
    stderr: {
      isTTY: given.isWatched,
      write(text: string) {
        said.stderr += text
        // A question ends so, and only then somebody types.
        if (stdin instanceof PassThrough && /[:\]] $/.test(text))
          setImmediate(() => stdin.write(`${lines.shift() ?? ''}\r`))
      },
    },
    on: (name: 'warning' | 'SIGINT', listener: () => void) =>
      name === 'SIGINT' ? presses.add(listener) : process.on(name, listener),
    off: (name: 'warning' | 'SIGINT', listener: () => void) =>
      name === 'SIGINT' ? presses.delete(listener) : process.off(name, listener),
  } as Surroundings)
  return { code, ...said }
}

function terminal(): PassThrough & { readonly isTTY: true } {
  return Object.assign(new PassThrough(), { isTTY: true as const })
}

/** Runs the program as a process of its own. */
export function programRun(args: readonly string[], given: Given = {}): Promise<Ended> {
  const { env = {}, cwd = '/', input = '' } = given
  const environment = { PATH: process.env.PATH ?? '', ...env }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { env: environment, cwd },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
      },
    )
    child.stdin?.end(input)
  })
}
