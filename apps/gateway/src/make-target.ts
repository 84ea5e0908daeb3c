import type { TargetConfig } from '@rollcall/runtime'
import { ejabberdHttp } from './targets/ejabberd-http.ts'
import { prosodyRefresh } from './targets/prosody-refresh.ts'
import type { Target, TargetDeps } from './targets/target.ts'
import { webhook } from './targets/webhook.ts'
import { xep0356 } from './targets/xep-0356.ts'

/** A target of the type that its configuration names. */
export function makeTarget(config: TargetConfig, deps: TargetDeps): Target {
  switch (config.type) {
    case 'prosody-refresh':
      return prosodyRefresh(config, deps)
    case 'xep-0356':
      return xep0356(config, deps)
    case 'ejabberd-http':
      return ejabberdHttp(config, deps)
    case 'webhook':
      return webhook(config, deps)
  }
}
