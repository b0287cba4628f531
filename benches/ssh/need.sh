#!/bin/bash
# need.sh CACHE: the contenders, where they are missing: from Debian, PyPI (into CACHE/venv) and crates.io (CACHE/bin).
# bssh is tried once: what cannot be built is left out of the table.
set -euo pipefail
cache=$1
PATH=$PATH:$HOME/.cargo/bin:/usr/sbin
if ((EUID)); then
  echo 'this needs root: it has a network and accounts of its own' >&2
  exit 1
fi
missing=()
want() { command -v "$1" >/dev/null || missing+=("$2"); } # want COMMAND PACKAGE
want clush clustershell
want parallel-ssh pssh
want sshd openssh-server
want valgrind valgrind
want ip iproute2
python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
if ((${#missing[@]})); then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
mkdir -p "$cache"
if [[ ! -x $cache/venv/bin/pyinfra ]]; then
  python3 -m venv "$cache/venv"
  "$cache/venv/bin/pip" install -q parallel-ssh pyinfra ansible-core
fi
if [[ ! -e $cache/bssh.log ]]; then
  timeout 900 cargo install -q --locked --root "$cache" bssh@2.2.3 >"$cache/bssh.log" 2>&1 || echo "bssh is not built: $(tail -n 1 "$cache/bssh.log")" >&2
fi
