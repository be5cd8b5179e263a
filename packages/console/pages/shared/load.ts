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
    const focused = element.contains(document.activeElement) ? nameOf(document.activeElement) : undefined
    element.replaceChildren(...content.filter((child) => child !== undefined))
    if (focused !== undefined)
      focusable()
        .find((one) => nameOf(one) === focused)
        ?.focus()
    element.removeAttribute('aria-busy')
  }

  function problem(fault: unknown): readonly Child[] {
    if (client.state === 'signed_out') return []
    return [
      make('p', { class: 'problem' }, explain(fault, words, format)),
      button(words.retry, () => void load()),
    ]
  }

  const focusable = (): HTMLElement[] => [...element.querySelectorAll<HTMLElement>('a, button')]

  return { element, load }
}

/** By which a button is known again when its like has taken its place. */
const nameOf = (element: Element | null): string | null | undefined =>
  element?.getAttribute('aria-label') ?? element?.textContent
