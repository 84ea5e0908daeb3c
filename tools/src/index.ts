export { type App, appArgs, NODE_ARGS_OF } from './app-command.ts'
export {
  type Child,
  ChildEndedError,
  type ChildOptions,
  describeExit,
  type Exit,
  findOnPath,
  type OutputStream,
  startChild,
  type WaitForUrlOptions,
} from './child.ts'
export { bringChromium, type Chromium, type ChromiumOptions, findChromium, NoChromiumError } from './chromium.ts'
export { bringDebianPackages, type DebianPackages, hasDebianPackages } from './debian-packages.ts'
export {
  type DeployedEjabberd,
  type DeployedEjabberdOptions,
  type EjabberdHttpApi,
  startDeployedEjabberd,
} from './deployed-ejabberd.ts'
export { freePort, isPortFree } from './free-port.ts'
export {
  findPrometheus,
  NoPrometheusError,
  type PrometheusPrograms,
  type PrometheusServer,
  type PrometheusServerOptions,
  startPrometheusServer,
} from './prometheus-server.ts'
export {
  NoProsodyError,
  type ProsodyContact,
  type ProsodyPorts,
  type ProsodyServer,
  type ProsodyServerOptions,
  type ProsodyUser,
  startProsodyServer,
} from './prosody-server.ts'
export {
  findRedisServer,
  NoRedisError,
  type RedisProgram,
  type RedisServer,
  type RedisServerOptions,
  startRedisServer,
} from './redis-server.ts'
export { replaceOnce } from './replace-once.ts'
export { repositoryRoot } from './repository.ts'
