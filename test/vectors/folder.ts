const given = process.env.VECTORS
if (given === undefined)
  throw new Error('VECTORS must name the folder of the vectors: npm run test:vectors does')

/** Where the vectors of others lie. */
export const folder: string = given.endsWith('/') ? given : `${given}/`
