import { main } from '@sallyport/example-app'
import { framework } from './framework.ts'

await main(framework)
