export * from './backend-limits.ts'
export type { Caps, Later, Share } from './domain-shares.ts'
