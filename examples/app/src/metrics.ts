import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import type { Meter } from '@sallyport/core'
import type { Handler, Route, RouteMaker } from '@sallyport/core/adapter'
import { metrics } from './described.ts'

/** Where Prometheus reads the metrics: on the server's own port, for everybody, or on another of this machine. */
export type MetricsPlace = 'open' | { readonly port: number }

/** Metrics of the OpenTelemetry API, for Prometheus to scrape. */
export interface Metrics {
  readonly meter: Meter
  /** `GET /metrics`: the text of Prometheus. None if they are on another port. */
  routes(route: RouteMaker): readonly Route[]
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
const TEXT = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'Cache-Control': 'no-store' }

/** Rejects with the error of the other port if nothing can listen on it. */
export async function createMetrics(place: MetricsPlace): Promise<Metrics> {
  const port = place === 'open' ? {} : { port: place.port, host: LOOPBACK }
  const exporter = new PrometheusExporter({ preventServerStart: true, ...port })
  if (place !== 'open') await exporter.startServer()
  const serializer = new PrometheusSerializer()
  const provider = new MeterProvider({ readers: [exporter] })
  return {
    meter: provider.getMeter('sallyport'),
    routes(route) {
      if (place !== 'open') return []
      const show: Handler = async () => {
        const { resourceMetrics } = await exporter.collect()
        return { status: 200, headers: TEXT, cookies: [], body: serializer.serialize(resourceMetrics) }
      }
      return [route.open('/metrics', { GET: show }, metrics)]
    },
    close: () => provider.shutdown(),
  }
}
