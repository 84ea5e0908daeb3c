-- Prosody reads rosters from Rollcall and compares them again when Rollcall says so.
-- Needs mod_http_roster_admin of https://modules.prosody.im (Debian's prosody-modules has it not). See docs/prosody.md.
-- Put it at the end of prosody.cfg.lua, or into conf.d/.

-- The module asks nobody who they are: only Rollcall may reach this port.
http_interfaces = { "127.0.0.1" }
http_ports = { 5280 }
http_default_host = "example.org" -- whatever name Rollcall has for this machine

VirtualHost "example.org"
    modules_enabled = { "http_roster_admin" } -- beside those enabled for all
    http_roster_url = "http://x:TOKEN@127.0.0.1:8080/contacts/%s" -- a token with the right "read"; none needed on one machine
