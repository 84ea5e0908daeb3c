export type { Config, DomainConfig } from './config.ts'
export { ConfigError, type Problem } from './config-error.ts'
export { loadConfig } from './load-config.ts'
export { CONFIG_ENVIRONMENT, type ConfigSources } from './sources.ts'
