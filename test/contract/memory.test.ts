import { memoryStore } from '@sallyport/core'
import { storeContext } from '../support/store-context.ts'
import { storeContract } from './store.contract.ts'

storeContract({
  name: 'memoryStore',
  async open() {
    const store = await memoryStore().open(storeContext)
    return { store, other: store }
  },
  stop: () => Promise.resolve(),
})
