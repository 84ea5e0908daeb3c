-- Rollcall writes rosters as a component (XEP-0356): whoever is online gets a push for each change, renames and groups included.
-- Needs mod_privilege of prosody-modules (Debian: apt-get install prosody-modules). See docs/prosody.md.
-- Put it at the end of prosody.cfg.lua, or into conf.d/. The names and the secret are yours to choose.

VirtualHost "example.org"
    modules_enabled = { "privilege" } -- beside those enabled for all
    privileged_entities = {
        ["rollcall.example.org"] = {
            roster = "both";
            presence = "managed_entity"; -- optional: whoever comes online is compared at once
        };
    }

Component "rollcall.example.org"
    modules_enabled = { "privilege" }
    component_secret = "change-me"
    -- A gateway that takes over from one whose host is gone is let in, and the one before cannot write any more.
    component_conflict_resolve = "kick_old"
