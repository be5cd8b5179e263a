// What a test leaves open when it fails: the process has to end all the same.
import { createSallyport } from '@sallyport/express'
import { testIssuer, testRedis, testSallyport } from '@sallyport/testing'

await testIssuer({ audience: 'https://api.example.com' })
const { signIn } = await testSallyport(createSallyport)
await signIn('ada')
const [, , binary] = process.argv
const { port } = await testRedis({ binary })
process.stdout.write(`left open: ${port > 0}`)
