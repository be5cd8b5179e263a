import { memoryStore } from '@sallyport/core'
import { storeContext } from '../support/store-context.ts'
import { storeContract } from './store.contract.ts'

storeContract({
  name: 'memoryStore',
  // Mutants meet these tests again and again.
  ...(process.env.STORE === 'memory' && { many: 250 }),
  async open() {
    const store = await memoryStore().open(storeContext)
    return { store, other: store }
  },
  stop: () => Promise.resolve(),
})
