/**
 * Runs in a page: everything that a script of the site can read there, as one text: cookies, storages, the document, and
 * what globals lead to.
 */
export const READ_ALL = `(async () => {
  const wait = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const found = [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage), location.href]
  for (const { name } of await indexedDB.databases()) {
    const database = await wait(indexedDB.open(name))
    for (const store of database.objectStoreNames) {
      const records = database.transaction(store).objectStore(store)
      found.push(name, store, JSON.stringify([await wait(records.getAllKeys()), await wait(records.getAll())]))
    }
    database.close()
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name)
    for (const request of await cache.keys()) found.push(name, request.url, await (await cache.match(request)).text())
  }
  found.push(document.documentElement.outerHTML)
  const walked = new Set()
  const walk = (value, depth) => {
    if (typeof value === 'string') found.push(value)
    if (Object(value) !== value || depth === 0 || walked.has(value)) return
    walked.add(value)
    for (const key of Reflect.ownKeys(value))
      try { walk(value[key], depth - 1) } catch { /* It is not for scripts. */ }
  }
  walk(globalThis, 4)
  return found.join('\\n')
})()`
