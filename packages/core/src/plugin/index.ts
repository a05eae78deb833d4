export * from './candidates.ts'
export * from './plugin.ts'
