// What the dashboard asks of an api, under /ops/api: schemas of every body and answer.
export * from './failures.ts'
export * from './history.ts'
export * from './queues.ts'
export * from './refreshes.ts'
export * from './session.ts'
export * from './settings.ts'
export * from './snapshot.ts'
export * from './users.ts'
