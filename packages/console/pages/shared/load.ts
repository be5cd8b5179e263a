import type { Tools } from './app.ts'
import { button, type Child, make } from './dom.ts'
import { explain } from './request.ts'

/** A part of a view whose content comes from the server. */
export interface Loaded {
  readonly element: HTMLElement
  /** Gets the content anew. What is there stays until then. */
  load(): Promise<void>
}

/** Shows what `get` resolves to, or what went wrong, with a way to try again. */
export function loaded({ words, format, client }: Tools, get: () => Promise<readonly Child[]>): Loaded {
  const element = make('div', { 'aria-busy': true }, make('p', { class: 'quiet' }, words.loading))
  let last = 0

  async function load(): Promise<void> {
    const turn = ++last
    element.setAttribute('aria-busy', 'true')
    const content = await get().catch(problem)
    // What was asked for later is shown, whichever comes first.
    if (turn !== last) return
    element.replaceChildren(...content.filter((child) => child !== undefined))
    element.removeAttribute('aria-busy')
  }

  function problem(fault: unknown): readonly Child[] {
    if (client.state === 'signed_out') return []
    return [
      make('p', { class: 'problem' }, explain(fault, words, format)),
      button(words.retry, () => void load()),
    ]
  }

  return { element, load }
}
