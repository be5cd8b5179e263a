/** A promise of another library: it has `then`, and nothing else of a `Promise`. */
export function foreignPromise<T>(native: Promise<T>): PromiseLike<T> {
  // biome-ignore lint/suspicious/noThenProperty: it is a promise, so it has to be told from a value
  return { then: (...handlers) => native.then(...handlers) }
}
