# shellcheck shell=bash
build_rhel() { die "not yet"; }
