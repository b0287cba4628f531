#!/bin/bash
# `bricklayer up` side by side with others, on three real nodes of a lab of its own. Prints a table of ratios; a goal
# that is missed is printed, never an error. See README.md.
#
# run.sh [-n ROUNDS] [PART..]      parts: fresh installed again; rounds: 3, of `again` 5
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/.."
PATH=$PATH:$HOME/.cargo/bin:/usr/sbin
lab=tests/lab/lab
name=bench
rounds=
while getopts n: option; do
  case $option in
    n) rounds=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
parts=("$@")
((${#parts[@]})) || parts=(fresh installed again)

say() { printf '\n==> %s\n' "$*" >&2; }

work=$(mktemp -d)
finish() {
  "$lab" down "$name" || :
  rm -rf "$work"
}
trap finish EXIT
samples=$work/samples
: >"$samples"
export XDG_STATE_HOME=$work/state

# What a contender says goes to a file, shown only when it fails.
measured() { # measured PART WHO ROUND COMMAND..
  local part=$1 who=$2 round=$3
  shift 3
  if ! "$lab" exec "$name" "$here/measure.sh" "$samples" "$part" "$who" "$round" "$@" >"$work/said" 2>&1; then
    tail -n 40 "$work/said" >&2
    say "$who failed in round $round of $part"
    exit 1
  fi
  tail -n 1 "$samples" >&2
}

bricklayer() { measured "$1" bricklayer "$2" "$work/bricklayer" -i "$work/inventory.yml" up --yes; }

by_hand() { measured "$1" by_hand "$2" "$here/by_hand.sh" "$key" "$known_hosts" "${addresses[@]}"; }

ansible() {
  # A folder of its own, so that no connection is left from the round before.
  mkdir "$work/control-$1-$2"
  ANSIBLE_SSH_CONTROL_PATH_DIR=$work/control-$1-$2 ANSIBLE_CONFIG=$here/ansible/ansible.cfg ANSIBLE_LOCAL_TEMP=$work/ansible \
    ANSIBLE_SSH_ARGS="-F none -o ControlMaster=auto -o ControlPersist=20s -o UserKnownHostsFile=$known_hosts -o KexAlgorithms=curve25519-sha256" \
    measured "$1" ansible "$2" ansible-playbook -i "$work/hosts.ini" "$here/ansible/site.yml"
}

need() {
  local missing=()
  [[ -x /usr/bin/time ]] || missing+=(time)
  [[ " ${parts[*]} " != *' again '* ]] || command -v ansible-playbook >/dev/null || missing+=(ansible)
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

boot() { # boot IMAGE: three nodes, and all that is said about them
  say "booting three nodes of $1"
  "$lab" down "$name"
  "$lab" up "$name" 3 --image "$1"
  known_hosts=$("$lab" known-hosts "$name")
  "$lab" inventory "$name" >"$work/inventory.yml"
  key=$(awk '$1 == "identity_file:" { print $2 }' "$work/inventory.yml")
  mapfile -t addresses < <(awk '$1 == "ip_address:" { print $2 }' "$work/inventory.yml")
  printf '%s\n' "${addresses[@]}" | awk -v key="$key" '
    { print "server" NR " ansible_host=" $1 " ansible_user=root ansible_ssh_private_key_file=" key }' >"$work/hosts.ini"
}

# Nothing left to do for us, and nothing changed for Ansible: then they have made the same.
same() {
  "$lab" exec "$name" "$work/bricklayer" -i "$work/inventory.yml" plan --exit-code >"$work/said" 2>&1 || {
    cat "$work/said" >&2
    say "what $1 made is not what bricklayer wants"
    exit 1
  }
}

# Booting nodes take both cores for seconds; whoever is measured then pays for it.
settled() {
  local node
  for node in 1 2 3; do "$lab" ssh "$name" "$node" systemctl is-system-running --wait >/dev/null || :; done
  sleep 3
}

bring_up() { # bring_up PART IMAGE ROUNDS
  local round who
  boot "$2"
  for ((round = 1; round <= $3; round++)); do
    for who in bricklayer by_hand; do
      "$lab" reset "$name" 1 2 3
      settled
      # Whoever comes first must not pay for reading the packages from the disk.
      ((round > 1)) || find /var/lib/bricklayer-lab/images/debian12*/ -name '*.deb' -exec cat {} + >/dev/null
      "$who" "$1" "$round"
      same "$who"
    done
  done
}

# Modules of Ansible want Python libraries on the nodes that machines usually have and the lab's have not.
ready_for_ansible() {
  local packages=(python3-apt python-apt-common distro-info-data python3-distutils python3-lib2to3) node
  (cd "$work" && mkdir -p debs && cd debs && apt-get download -qq -o APT::Sandbox::User=root "${packages[@]}")
  for node in 1 2 3; do
    tar -C "$work/debs" -c . | "$lab" ssh "$name" "$node" 'mkdir /tmp/debs && tar -x -C /tmp/debs && dpkg -i /tmp/debs/*.deb >/dev/null'
  done
}

again() { # again ROUNDS
  local round
  boot debian12-gluster
  ready_for_ansible
  settled
  bricklayer set-up 1
  sleep 10
  for ((round = 1; round <= $1; round++)); do
    bricklayer again "$round"
    ansible again "$round"
    if grep -E 'changed=[1-9]' "$work/said" >&2; then
      say 'Ansible changes what bricklayer made: they do not do the same'
      exit 1
    fi
  done
}

need
cargo build --release --locked --quiet
# A copy: whoever builds meanwhile must not change what is measured.
cp target/release/bricklayer "$work/"
for part in "${parts[@]}"; do
  case $part in
    fresh) bring_up fresh debian12 "${rounds:-3}" ;;
    installed) bring_up installed debian12-gluster "${rounds:-3}" ;;
    again) again "${rounds:-5}" ;;
    *) say "no part \`$part\`: fresh, installed, again" && exit 2 ;;
  esac
done
[[ -z ${BENCH_SAMPLES-} ]] || cp "$samples" "$BENCH_SAMPLES"
"$here/table.sh" "$samples"
