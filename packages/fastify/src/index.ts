export * from '@sallyport/core'
export { createSallyport, type FastifySallyport, getAuth } from './sallyport.ts'
export { FastifyView, send } from './view.ts'
