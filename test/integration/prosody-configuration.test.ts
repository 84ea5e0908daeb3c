import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDirectory } from '../support/processes.ts'
import { startProsody } from '../support/prosody.ts'

// The module is not among Debian's: this one stands where it would, and says what it is configured with.
const MODULE = `
module:depends("http")
module:provides("http", {
  default_path = "/roster_admin";
  route = { ["POST /refresh"] = function() return module.host.." "..module:get_option_string("http_roster_url") end };
})
`

test('the configuration for mod_http_roster_admin: it is reached by any name, and reads from Rollcall', async () => {
  const plugins = await temporaryDirectory()
  await mkdir(join(plugins, 'mod_http_roster_admin'))
  await writeFile(join(plugins, 'mod_http_roster_admin/mod_http_roster_admin.lua'), MODULE)
  const prosody = await startProsody({
    configuration: 'http-roster-admin.cfg.lua',
    changes: { 'http_ports = { 5280 }': '' },
    settings: `plugin_paths = { ${JSON.stringify(plugins)} }`,
  })
  const answer = await fetch(`http://127.0.0.1:${prosody.httpPort}/roster_admin/refresh`, {
    method: 'POST',
    body: '[]',
  })
  expect(await answer.text()).toBe('example.org http://x:TOKEN@127.0.0.1:8080/contacts/%s')
})
