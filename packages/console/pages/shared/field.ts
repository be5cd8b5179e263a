import { type Attributes, make } from './dom.ts'

let made = 0

/** An input with its label, and the place for what is wrong with it. */
export interface Field {
  readonly element: HTMLElement
  readonly input: HTMLInputElement
  /** Says what is wrong, and takes the focus. */
  fail(text: string): void
  clear(): void
}

export function field(label: string, attributes: Attributes): Field {
  const id = `field-${++made}`
  const problem = make('p', { id: `${id}-problem`, class: 'problem', 'aria-live': 'polite' })
  const input = make('input', { id, required: true, 'aria-describedby': `${id}-problem`, ...attributes })
  function clear(): void {
    input.removeAttribute('aria-invalid')
    problem.replaceChildren()
  }
  input.addEventListener('input', clear)
  return {
    input,
    element: make('div', { class: 'field' }, make('label', { for: id }, label), input, problem),
    clear,
    fail(text) {
      problem.textContent = text
      input.setAttribute('aria-invalid', 'true')
      input.select()
      input.focus()
    },
  }
}

/** A box that shows what is typed into these fields. */
export function revealBox(label: string, ...fields: readonly Field[]): HTMLElement {
  const box = make('input', { type: 'checkbox' })
  box.addEventListener('change', () => {
    for (const { input } of fields) input.type = box.checked ? 'text' : 'password'
  })
  return make('label', { class: 'check' }, box, label)
}

/** Does this when a form is sent, one thing at a time. */
export function onSubmit(form: HTMLFormElement, work: () => Promise<void>): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (form.getAttribute('aria-busy') === 'true') return
    form.setAttribute('aria-busy', 'true')
    // Each form says itself what went wrong.
    work().finally(() => form.removeAttribute('aria-busy'))
  })
}
