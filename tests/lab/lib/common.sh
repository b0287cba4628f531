# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who source this
# Paths, names, messages, locks: what every other file of the lab uses.

LAB_ROOT=${BRICKLAYER_LAB_ROOT:-/var/lib/bricklayer-lab}
IMAGES=$LAB_ROOT/images
LABS=$LAB_ROOT/labs
KEY=$LAB_ROOT/key/id_ed25519
NET=10.77.0
MAX_NODES=99
BOOT_TIMEOUT=${LAB_BOOT_TIMEOUT:-90} # seconds; a loaded machine needs many times the usual one or two

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usage() { say "$*"; say "see \`lab help\`"; exit 2; }

node_address() { echo "$NET.$((100 + $1))"; }
lab_dir() { echo "$LABS/$1"; }
node_dir() { echo "$LABS/$1/n$2"; }

# Names of machines, network namespaces and control groups are made of the lab's name, hence the short and
# plain alphabet. A dot joins name and number (`a.1`), so lab `a` can never own a piece of lab `a-1`.
check_name() {
  [[ $1 =~ ^[a-z][a-z0-9-]{0,9}$ ]] || usage "\`$1\` is no lab name: 1 to 10 of a-z 0-9 -, a letter first"
}

check_number() {
  [[ $1 =~ ^[1-9][0-9]?$ ]] || usage "\`$1\` is no node number: 1 to $MAX_NODES"
}

check_lab() {
  check_name "$1"
  [[ -d $(lab_dir "$1") ]] || die "no lab \`$1\` (make it with \`lab up $1 3\`)"
}

check_node() {
  check_number "$2"
  [[ -f $(node_dir "$1" "$2")/image ]] || die "lab \`$1\` has no node $2 (it has: $(node_numbers "$1" | tr '\n' ' '))"
}

# The numbers of a lab's nodes that are completely made, ascending.
node_numbers() {
  local file
  for file in "$LABS/$1"/n*/image; do
    [[ -f $file ]] || continue
    file=${file%/image}
    echo "${file##*/n}"
  done | sort -n
}

check_root() { [[ $EUID == 0 ]] || die "namespaces, mounts and control groups need root"; }

# Take the lock FILE until this process ends. Whoever removes the folder removes the lock with it, so after
# waiting we may hold a file that is gone from the disk: then begin again with the new one.
lock() {
  while :; do
    mkdir -p "${1%/*}"
    { exec {LOCK_FD}>> "$1"; } 2> /dev/null || continue
    flock "$LOCK_FD"
    [[ $(stat -c %i "$1" 2>/dev/null) == "$(stat -Lc %i "/proc/self/fd/$LOCK_FD")" ]] && return
    exec {LOCK_FD}>&-
  done
}

# What outlives this command (a node) must not hold its lock.
unlock() {
  [[ -z ${LOCK_FD-} ]] || exec {LOCK_FD}>&-
  LOCK_FD=
}

# The lab's own key pair, made once; images carry its public half.
key_ensure() {
  [[ -f $KEY.pub ]] && return
  mkdir -p "${KEY%/*}"
  (
    lock "$LAB_ROOT/key/lock"
    [[ -f $KEY.pub ]] && exit
    rm -f "$KEY" "$KEY".new*
    ssh-keygen -q -t ed25519 -N '' -C bricklayer-lab -f "$KEY.new"
    mv "$KEY.new" "$KEY"
    mv "$KEY.new.pub" "$KEY.pub"
  )
}

# Wait until a command succeeds: wait_until SECONDS COMMAND..
wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}
