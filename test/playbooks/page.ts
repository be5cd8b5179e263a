import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Stage, Typed, Variables } from './stage.ts'

/** What somebody types who follows a page, and what the page says that it shows. */
interface Step {
  readonly section: string
  readonly command: string
  readonly shown: string | undefined
}

/** A page whose commands are typed exactly as they stand there. */
export interface Playbook {
  /**
   * Types the commands of a section, one block after the other. Each must end well, and show what the page says.
   * Resolves to what they printed.
   *
   * @param env what the reader has put into variables by then
   */
  play(section: string, stage: Stage, env?: Variables): Promise<readonly string[]>
  /** Sections with commands that were never played. */
  unplayed(): readonly string[]
}

const folder = fileURLToPath(new URL('../../docs/guide/', import.meta.url))

/** @param page the name of a page of the guide */
export function openPlaybook(page: string): Playbook {
  const steps = stepsOf(readFileSync(folder + page, 'utf8'))
  const played = new Set<string>()
  return {
    async play(section, stage, env) {
      const own = steps.filter((step) => step.section === section)
      if (own.length === 0) throw new RangeError(`${page} has no commands below "${section}"`)
      played.add(section)
      const printed: string[] = []
      for (const step of own) printed.push((await typeStep(step, stage, env)).stdout)
      return printed
    },
    unplayed: () => [...new Set(steps.map(({ section }) => section))].filter((name) => !played.has(name)),
  }
}

async function typeStep({ command, shown }: Step, stage: Stage, env?: Variables): Promise<Typed> {
  const typed = await stage.type(command, env)
  expect(typed.code, `${command}${typed.stderr}`).toBe(0)
  if (shown !== undefined) expect(masked(typed.stdout), command).toBe(masked(shown))
  return typed
}

/** Names, instants and addresses differ from page to machine, and the width of columns with them. */
function masked(text: string): string {
  return text
    .replace(/https?:\/\/\S+/g, '<url>')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replace(/\b\d{8}T\d{6}-\w+/g, '<process>')
    .replace(/\busr_[\w-]+/g, '<user>')
    .replace(/(?<![\w-])[\w-]{30,}/g, '<id>')
    .replace(/\b\d{1,3}(\.\d{1,3}){3}\b/g, '<address>')
    .replace(/ +/g, ' ')
    .trim()
}

function stepsOf(text: string): readonly Step[] {
  const blocks = text.matchAll(
    /^## (?<heading>.*)$|^```sh\n(?<command>[\s\S]*?)^```$(?:\n+```text\n(?<shown>[\s\S]*?)^```$)?/gm,
  )
  const steps: Step[] = []
  let section = ''
  for (const { groups = {} } of blocks) {
    const { heading, command, shown } = groups
    if (heading !== undefined) section = heading
    if (command !== undefined) steps.push({ section, command, shown })
  }
  return steps
}
