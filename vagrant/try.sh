#!/bin/bash
# Tries this folder for real, without Vagrant, libvirt or KVM on the machine, and without the internet beyond a Debian
# mirror: two virtual machines, `bricklayer up`, power cuts, destroy. See README.md beside this file.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
root=${BRICKLAYER_VAGRANT_ROOT:-/var/lib/bricklayer-vagrant}
bricklayer=${BRICKLAYER:-$here/../target/release/bricklayer}
# shellcheck disable=SC2034 # for the files of try/: the copy of this folder that Vagrant runs in
lab=$root/run/lab
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8 LAB_VIRT=${LAB_VIRT:-qemu}

# shellcheck disable=SC2034 # for the lab's files
LAB_DIR=$here/../tests/lab
# shellcheck source=/dev/null
for file in common host image; do source "$LAB_DIR/lib/$file.sh"; done
# shellcheck source=/dev/null
for file in box room cluster; do source "$here/try/$file.sh"; done
say() { printf '==> [%4d s] %s\n' "$SECONDS" "$*" >&2; }

help() {
  cat <<END
try.sh           the whole trial: tools, box, machines, cluster, power cuts, and away with all but tools and box
try.sh box       only the tools and the box
try.sh clean     removes $root
END
}

trial() {
  [[ -x $bricklayer ]] || (cd "$here/.." && cargo build --release --locked)
  make_tools
  make_box
  trap room_close EXIT
  room_open
  machines_up
  cluster_up
  power_cut server2
  power_cut server1 server2
  machines_gone
  room_close
  nothing_left
  say "all as it should be; tools and box stay in $root for the next time (\`$0 clean\` removes them)"
}

main() {
  case ${1-trial} in
    trial | box | clean) ;;
    help | -h | --help) help && return ;;
    *) help >&2 && exit 2 ;;
  esac
  check_root
  lock "$root/lock"
  case ${1-trial} in
    trial) trial ;;
    box) make_tools && make_box ;;
    clean) nothing_left && rm -f "$root"/*.recipe && rm -rf "$root" ;;
  esac
}

main "$@"
