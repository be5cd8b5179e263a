/** A value at a time, in hours. */
export interface Point {
  readonly hours: number
  readonly value: number
}

export interface Slope {
  readonly perHour: number
  /** Its standard error. */
  readonly error: number
}

/**
 * The line of least squares. Neighbouring measurements resemble each other, so they tell less than as many independent
 * ones: the error is widened by the correlation of each residual with the next one, as for a first-order autoregression.
 * Nothing for less than four points.
 */
export function slopeOf(points: readonly Point[]): Slope | undefined {
  const count = points.length
  if (count < 4) return undefined
  const mean = (figures: readonly number[]): number => sum(figures) / figures.length
  const centre = mean(points.map(({ hours }) => hours))
  const level = mean(points.map(({ value }) => value))
  const spread = sum(points.map(({ hours }) => (hours - centre) ** 2))
  if (spread === 0) return undefined
  const perHour = sum(points.map(({ hours, value }) => (hours - centre) * (value - level))) / spread
  const residuals = points.map(({ hours, value }) => value - level - perHour * (hours - centre))
  const squares = sum(residuals.map((one) => one ** 2))
  const products = sum(residuals.slice(1).map((one, index) => one * (residuals[index] ?? 0)))
  const correlation = squares === 0 ? 0 : Math.min(0.99, Math.max(0, products / squares))
  const error = Math.sqrt(((squares / (count - 2) / spread) * (1 + correlation)) / (1 - correlation))
  return { perHour, error }
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, one) => total + one, 0)
}
