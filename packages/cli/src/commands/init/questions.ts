import { InvalidArgumentError } from 'commander'
import { type Surroundings, UsageError } from '../../surroundings.ts'
import { ask, isInteractive } from '../../terminal/ask.ts'
import { type Choices, frameworks, languages, moduleKinds, stores } from './choices.ts'

/** What was given by flags. */
export type Given = Partial<Omit<Choices, 'origin'>> & { readonly origin?: string }

/** Asks for whatever flags do not say. Without a terminal, what has no default must be given. */
export async function choicesOf(
  surroundings: Surroundings,
  given: Given,
  modulesOfFolder: Choices['modules'] | undefined,
): Promise<Choices> {
  const isAsking = isInteractive(surroundings) && (given.framework === undefined || given.store === undefined)
  const pick = async <Name extends string>(
    value: Name | undefined,
    question: string,
    names: readonly Name[],
    fallback: Name | undefined,
  ): Promise<Name> => {
    if (value !== undefined) return value
    if (isAsking) return picked(surroundings, question, names, fallback)
    if (fallback !== undefined) return fallback
    throw new UsageError(
      `pass ${question.toLowerCase() === 'framework' ? '--framework' : '--store'}: ${names.join(', ')}`,
    )
  }
  const framework = await pick(given.framework, 'Framework', frameworks, undefined)
  const store = await pick(given.store, 'Store', stores, undefined)
  const language = await pick(given.language, 'Language', languages, 'ts')
  const modules = await pick(given.modules, 'Modules', moduleKinds, modulesOfFolder ?? 'esm')
  if (modulesOfFolder !== undefined && modulesOfFolder !== modules)
    throw new UsageError(
      `package.json says "type": "${modulesOfFolder === 'esm' ? 'module' : 'commonjs'}": pass --modules ${modulesOfFolder}, or change it first`,
    )
  const origin = given.origin ?? (isAsking ? await askedOrigin(surroundings) : undefined)
  return { framework, store, language, modules, origin }
}

async function picked<Name extends string>(
  surroundings: Surroundings,
  question: string,
  names: readonly Name[],
  fallback: Name | undefined,
): Promise<Name> {
  const shown = names.map((name) => (name === fallback ? `[${name}]` : name)).join(', ')
  for (;;) {
    const typed = await ask(surroundings, `${question} (${shown}): `)
    const found = typed === '' ? fallback : names.find((name) => name === typed.toLowerCase())
    if (found !== undefined) return found
    surroundings.stderr.write(`Type one of ${names.join(', ')}.\n`)
  }
}

async function askedOrigin(surroundings: Surroundings): Promise<string | undefined> {
  for (;;) {
    const typed = await ask(
      surroundings,
      'Origin of your front end, such as http://localhost:5173 (nothing if this server serves it): ',
    )
    if (typed === '') return undefined
    try {
      return originOf(typed)
    } catch (cause) {
      surroundings.stderr.write(`${cause instanceof Error ? cause.message : ''}\n`)
    }
  }
}

/** An origin as browsers send it. Throws what Commander tells. */
export function originOf(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url !== undefined && /^https?:$/.test(url.protocol) && given.replace(/\/$/, '') === url.origin)
    return url.origin
  throw new InvalidArgumentError('It must be scheme, host and port, such as http://localhost:5173.')
}
