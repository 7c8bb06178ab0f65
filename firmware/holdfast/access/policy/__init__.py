"""The site's rules, and the signed changesets and snapshots that they come from."""
