import { isThenable } from '../../thenable.ts'
import type { Span, Tracer } from './tracer.ts'

type Outcome = { readonly kind: string }
type Step<Args extends readonly unknown[], Result extends Outcome> = (...args: Args) => Promise<Result>

/** Makes a step that is a span of a trace, with its outcome. */
export type Traced = <Args extends readonly unknown[], Result extends Outcome>(
  name: string,
  step: Step<Args, Result>,
) => Step<Args, Result>

/** `SpanStatusCode.ERROR` */
const ERROR = 2

/** @param tracer `undefined` if the application wants no traces */
export function createTraced(tracer: Tracer | undefined): Traced {
  if (tracer === undefined) return (_name, step) => step
  return (name, step) =>
    (...args) => {
      let taken: ReturnType<typeof step> | undefined
      let span: Span | undefined
      // A tracer is the application's. Whatever it does, the step is taken once.
      harmlessly(() =>
        tracer.startActiveSpan(name, (started) => {
          span ??= started
          taken ??= step(...args)
          return taken
        }),
      )
      taken ??= step(...args)
      return taken.then(
        (outcome) => {
          end(span, outcome.kind)
          return outcome
        },
        (cause) => {
          end(span, undefined)
          throw cause
        },
      )
    }
}

/** @param outcome `undefined`: it threw */
function end(span: Span | undefined, outcome: string | undefined): void {
  if (outcome !== undefined) harmlessly(() => span?.setAttribute('sallyport.outcome', outcome))
  if (outcome === undefined || outcome.endsWith('unavailable'))
    harmlessly(() => span?.setStatus({ code: ERROR }))
  harmlessly(() => span?.end())
}

/** A trace that is not kept is no reason to refuse a request, whether it throws or its promise rejects. */
function harmlessly(call: () => unknown): void {
  try {
    const result = call()
    if (isThenable(result)) Promise.resolve(result).catch(() => undefined)
  } catch {
    // See above.
  }
}
