export { ended, spawnTied } from '../../packages/testing/src/redis/tied.ts'
