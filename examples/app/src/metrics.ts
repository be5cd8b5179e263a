import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Meter } from '@sallyport/core'
import type { Handler, Route, RouteMaker } from '@sallyport/core/adapter'
import { metrics } from './described.ts'

/** Metrics of the OpenTelemetry API, for Prometheus to scrape. */
export interface Metrics {
  readonly meter: Meter
  /** `GET /metrics`: the text of Prometheus. */
  route(route: RouteMaker): Route
}

const TEXT = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' }

export function createMetrics(): Metrics {
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const serializer = new PrometheusSerializer()
  const provider = new MeterProvider({ readers: [exporter] })
  return {
    meter: provider.getMeter('sallyport'),
    route(route) {
      const show: Handler = async () => {
        const { resourceMetrics } = await exporter.collect()
        return { status: 200, headers: TEXT, cookies: [], body: serializer.serialize(resourceMetrics) }
      }
      return route.open('/metrics', { GET: show }, metrics)
    },
  }
}
