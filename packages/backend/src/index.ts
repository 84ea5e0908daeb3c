export { type BackendAnswer, type BackendClient, backendClient } from './backend-client.ts'
export { type BackendFailure, failed, outage } from './failures.ts'
