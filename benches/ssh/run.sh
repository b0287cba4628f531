#!/bin/bash
# Fan-out over SSH side by side with others, in a network of its own. Prints a table of ratios; a goal that is missed is
# printed, never an error. See ../README.md.
#
# run.sh [-n ROUNDS] [PART..]      parts: one steps flood upload single many instructions; rounds: 3
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.."
PATH=$PATH:$HOME/.cargo/bin:/usr/sbin
cache=${BENCH_CACHE:-/var/tmp/bricklayer-bench}
rounds=3
while getopts n: option; do
  case $option in
    n) rounds=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
parts=("$@")
((${#parts[@]})) || parts=(one steps flood upload single many instructions)

say() { printf '\n==> %s\n' "$*" >&2; }

# What the contenders are, from Debian, PyPI and crates.io; and ourselves.
prepare() {
  "$here/need.sh" "$cache"
  cargo build --release --locked --quiet --workspace
}

# A network of our own: nothing is reachable from outside, no port is taken, and every 127.x.y.z is a host. So are the
# accounts: `bench` has a shell that reads no start files.
if [[ -z ${BENCH_INSIDE-} ]]; then
  prepare
  work=$(mktemp -d)
  chmod 755 "$work"
  trap 'rm -rf "$work"' EXIT
  BENCH_INSIDE=$work unshare --net --mount --propagation private --pid --fork --mount-proc "$0" -n "$rounds" "${parts[@]}"
  [[ -z ${BENCH_SAMPLES-} ]] || cp "$work/samples" "$BENCH_SAMPLES"
  exit
fi

work=$BENCH_INSIDE
samples=$work/samples
bin=$work/bin
: >"$samples"
ulimit -n "$(ulimit -Hn)"
# shellcheck source=benches/ssh/peers.sh
. "$here/peers.sh"

# measured WHO HOSTS COMMAND..: `part` and `round` are set. What a contender says goes to a file. One that fails is
# left out of the table, and said.
measured() {
  local who=$1 hosts=$2
  shift 2
  # What the one before has left behind (closed connections, ending processes) is not its own.
  sleep 0.5
  "$here/measure.py" "$samples" "$part" "$who" "$round" "$hosts" "$@" >"$work/said" 2>&1 || {
    tail -n 5 "$work/said" >&2
    say "$who failed in round $round of $part"
  }
  tail -n 1 "$samples" >&2
  ! grep '^ok=' "$work/said" >&2 || grep '^ok=' "$work/said" | sed "s/^/$part\t$who\t/" >>"$work/own"
}

accounts() {
  ip link set lo up
  mkdir "$work/home" "$bin"
  cp target/release/{bricklayer,floor,transport,server} "$bin/"
  ssh-keygen -q -t ed25519 -N '' -C bench -f "$work/key"
  ssh-keygen -q -t ed25519 -N '' -C host -f "$work/host"
  # In memory: what a disk costs is not what is measured.
  mount -t tmpfs -o size=1g tmpfs "$work/home"
  chmod 755 "$work/home"
  grep -v '^bench' /etc/passwd >"$work/passwd"
  grep -v '^bench' /etc/shadow >"$work/shadow"
  local name
  for name in bench bench{0..19}; do
    echo "$name:x:4300:4300::$work/home/$name:/bin/sh" >>"$work/passwd"
    echo "$name:*:19000:0:99999:7:::" >>"$work/shadow"
    mkdir "$work/home/$name"
    chown 4300 "$work/home/$name"
  done
  chmod 640 "$work/shadow"
  mount --bind "$work/passwd" /etc/passwd
  mount --bind "$work/shadow" /etc/shadow
  mkdir "$work/remote" && chmod 777 "$work/remote"
}

bed() { # bed NAME PORT: all that says how to get there
  mkdir -p "$work/$1/.ssh"
  cat >"$work/$1/config" <<END
Host *
    User bench
    Port $2
    IdentityFile $work/key
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    GlobalKnownHostsFile /dev/null
    KexAlgorithms curve25519-sha256
    PreferredAuthentications publickey
    LogLevel ERROR
END
  cp "$work/$1/config" "$work/$1/.ssh/config"
  local index
  for ((index = 0; index < 10000; index++)); do echo "127.1.$((index / 250)).$((index % 250 + 1))"; done >"$work/$1/hosts"
}

servers() {
  bed synthetic 2201
  bed real 2202
  cat >"$work/sshd_config" <<END
Port 2202
ListenAddress 0.0.0.0
HostKey $work/host
PidFile none
UsePAM no
UseDNS no
StrictModes no
X11Forwarding no
PrintLastLog no
LogLevel ERROR
AuthorizedKeysFile $work/key.pub
MaxStartups 2000:30:3000
MaxSessions 200
Subsystem sftp internal-sftp
END
  # Where its unprivileged half lives; Debian's service unit makes it.
  mkdir -p /run/sshd
  "$(command -v sshd)" -D -e -f "$work/sshd_config" 2>"$work/sshd.log" &
  "$bin/server" 2201 "$work/host" >"$work/server.log" 2>&1 &
  until grep -q listening "$work/server.log" && ssh -F "$work/real/config" 127.1.0.1 true; do sleep 0.1; done
}

go() { # go BED: where the contenders go from now on
  bed=$1
  port=$([[ $1 == real ]] && echo 2202 || echo 2201)
  forks=100
  more=()
}

one() {
  for round in $(seq "$rounds"); do
    go synthetic
    part=one-synthetic-500
    local who
    for who in floor transport bricklayer parallel_ssh bssh; do "$who" 500 1 true; done
    # What these cost does not depend on how many there are, and they take their time.
    part=one-synthetic-100
    for who in floor openssh clush pssh pyinfra; do "$who" 100 1 true; done
    ((round > 1)) || ansible_raw 100 1 true
    go real
    part=one-real-100
    for who in floor transport bricklayer openssh clush pssh parallel_ssh pyinfra bssh; do "$who" 100 1 true; done
    ((round > 1)) || ansible_raw 100 1 true
    ((round > 1)) || ansible_command 100 1 true
  done
}

steps() {
  for round in $(seq "$rounds"); do
    go synthetic
    part=steps10-synthetic-100
    for who in floor transport controlmaster parallel_ssh pyinfra; do "$who" 100 10 true; done
    go real
    part=steps10-real-100
    for who in floor floor_script transport controlmaster parallel_ssh pyinfra; do "$who" 100 10 true; done
    ((round > 1)) || clush 100 10 true
    ((round > 1)) || ansible_raw 20 10 true
  done
}

flood() {
  for round in $(seq "$rounds"); do
    go real
    part=flood-real-100
    for who in floor transport bricklayer openssh clush pssh parallel_ssh pyinfra bssh; do "$who" 100 1 'head -c 100000 /dev/zero'; done
  done
}

# Each host has a login user of its own, as they share one file system: each has a file that is written.
upload() {
  local size
  for size in 10K 10M; do
    head -c "$size" /dev/urandom >"$work/load-$size"
    for round in $(seq "$rounds"); do
      go real
      part=upload-$size-real-20
      for who in openssh_put bricklayer_put scp_put; do
        rm -f "$work"/home/*/load
        "$who" 20 "$work/load-$size"
        arrived "$who" 20 "$work/load-$size"
      done
    done
  done
}

arrived() { # arrived WHO HOSTS FILE
  local index
  for ((index = 0; index < $2; index++)); do
    cmp -s "$3" "$work/home/bench$index/load" || say "$1: what was sent to host $index has not arrived"
  done
}

single() {
  for round in $(seq "$((rounds * 3))"); do
    go real
    part=single-real-1
    for who in floor transport bricklayer openssh; do "$who" 1 1 true; done
  done
}

# Ours alone: what a warm connection costs, in CPU and memory, and that nothing is lost.
many() {
  local count
  go synthetic
  for round in $(seq "$rounds"); do
    part=warm-100x100
    for who in floor transport; do "$who" 100 100 true; done
    # What host keys cost: all new, all known, and looked up before (`ask`).
    rm -f "$work/known_hosts"
    local checking
    for checking in accept-new strict ask; do
      part=keys-$checking-3000
      floor 3000 1 true
      more=("known_hosts=$work/known_hosts" "checking=$checking")
      transport 3000 1 true
      more=()
    done
  done
  round=1
  for count in 1000 10000; do
    part=held-$count
    more=(hold=true)
    for who in floor transport; do "$who" "$count" 2 true; done
    part=passing-$count
    more=()
    for who in floor transport bricklayer; do "$who" "$count" 1 true; done
  done
}

# The same to the last instruction each time, whatever else the machine does; a regression shows. The difference of two
# counts leaves out what starting costs, which is said as well.
instructions() {
  go synthetic
  forks=10
  local who few many
  for who in floor transport bricklayer; do
    few=$(counted "$who" 20)
    many=$(counted "$who" 60)
    printf 'instructions\t%s\t%s a host, %s to start\n' "$who" "$(((many - few) / 40))" "$((few - (many - few) / 2))" >>"$work/own"
  done
}

counted() { # counted WHO HOSTS
  local words
  if [[ $1 == bricklayer ]]; then
    words=(--ssh-config "$work/$bed/config" -H "$(head -n "$2" "$work/$bed/hosts" | paste -sd,)" -f "$forks" exec -- true)
  else
    mapfile -t words < <(target "$2" 1 true)
  fi
  HOME=$work/$bed TOKIO_WORKER_THREADS=1 valgrind --tool=callgrind --callgrind-out-file="$work/callgrind.$1.$2" \
    "$bin/$1" "${words[@]}" 2>&1 | awk '/Collected/ { print $4 }'
}

accounts
servers
for part_name in "${parts[@]}"; do
  case $part_name in
    one | steps | flood | upload | single | many | instructions) "$part_name" ;;
    *) say "no part \`$part_name\`: one, steps, flood, upload, single, many, instructions" && exit 2 ;;
  esac
done
"$here/table.sh" "$samples" "$work/own"
