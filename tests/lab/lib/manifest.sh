# shellcheck shell=bash
cmd_manifest() { die "not yet"; }
