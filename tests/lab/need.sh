#!/bin/bash
# Installs what building and testing need, where it is missing. Quick when all is there.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
PATH=$PATH:$HOME/.cargo/bin:/usr/sbin

if (($(id -u) != 0)); then
  echo 'this needs root: it boots nodes of its own' >&2
  exit 1
fi

missing=()
want() { # want COMMAND PACKAGE
  command -v "$1" >/dev/null || missing+=("$2")
}
want gcc gcc
want make make
want ssh openssh-client
want sshd openssh-server
want shellcheck shellcheck
want dash dash
want busybox busybox
want csh csh
want fish fish
want sudo sudo
want doas doas
[[ -e /usr/include/errno.h ]] || missing+=(libc6-dev)
if ((${#missing[@]})); then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi
./lab need

# The compiler that Cargo.toml asks for; older ones give errors that do not say so.
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' ../../Cargo.toml)
have=$(cargo --version 2>/dev/null | awk '{print $2}') || true
if [[ $(printf '%s\n' "$wanted" "${have:-0}" | sort -V | head -n 1) != "$wanted" ]]; then
  echo "Rust $wanted or newer is needed, and ${have:-none} is there: see https://rustup.rs, then run this again" >&2
  exit 1
fi
