import { make } from './dom.ts'
import { icon } from './icons.ts'

/** `note` is for what the user did not do, and should know of. */
export type Tone = 'good' | 'note' | 'bad'

/** The place in which a page says what came of what the user did. */
export interface Message {
  readonly element: HTMLElement
  say(tone: Tone, text: string): void
  clear(): void
}

export function createMessage(): Message {
  const element = make('div', { class: 'message', role: 'status' })
  return {
    element,
    say(tone, text) {
      element.className = `message ${tone}`
      element.replaceChildren(icon(tone), make('p', {}, text))
    },
    clear() {
      element.className = 'message'
      element.replaceChildren()
    },
  }
}
