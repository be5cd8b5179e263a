/** The values that a measurement is told apart by. */
export type Attributes = Readonly<Record<string, string>>

interface InstrumentOptions {
  readonly description?: string
  /** A unit of UCUM, such as `s`. */
  readonly unit?: string
}

interface Observable {
  addCallback(callback: (result: ObservableResult) => void): void
}

interface ObservableResult {
  observe(value: number, attributes?: Attributes): void
}

/** What is used of a `Meter` of the OpenTelemetry API, such as `metrics.getMeter('sallyport')`. */
export interface Meter {
  createObservableCounter(name: string, options?: InstrumentOptions): Observable
  createObservableGauge(name: string, options?: InstrumentOptions): Observable
}
