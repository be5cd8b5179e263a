/** What is used of a `Span` of the OpenTelemetry API. */
export interface Span {
  setAttribute(key: string, value: string): unknown
  setStatus(status: { readonly code: number }): unknown
  end(): void
}

/** What is used of a `Tracer` of the OpenTelemetry API, such as `trace.getTracer('sallyport')`. */
export interface Tracer {
  startActiveSpan(name: string, run: (span: Span) => unknown): unknown
}
