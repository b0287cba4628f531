#!/bin/bash
# shellcheck disable=SC2016 # much here is for a node to expand
# Exercises every command of the lab and looks at what it did: about four minutes when the images are there.
# Runs beside other labs; its own are called selfa and selfb.
#   selftest.sh [TEST..]     only the tests named, as in `selftest.sh network`
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB=$HERE/lab
ROOT=${BRICKLAYER_LAB_ROOT:-/var/lib/bricklayer-lab}
TESTS=(names need up identity privilege power silence network reset reboot disk side_by_side fallback manifest
  volume debian13 rhel crash)
A=selfa B=selfb

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# same WHAT EXPECTED FOUND
same() { [[ $2 == "$3" ]] || fail "$1: expected \`$2\`, found \`$3\`"; }

fails() { ! "$@" 2>/dev/null || fail "should have failed: $*"; }

# Everything on this machine that belongs to our two labs.
traces() {
  local pid
  ip netns list | grep -E "^($A|$B)\b" || true
  grep -E "labs/($A|$B)/|netns/($A|$B)" /proc/mounts || true
  losetup -a | grep -E "labs/($A|$B)/" || true
  find /sys/fs/cgroup -maxdepth 2 \( -name "bricklayer-$A*" -o -name "bricklayer-$B*" \)
  for pid in $(pgrep -f -- "--machine=($A|$B)[.]|run-node ($A|$B) "; for ns in $(ip netns list | grep -oE "^($A|$B)[^ ]*"); do ip netns pids "$ns"; done); do
    echo "process $pid $(tr '\0' ' ' < "/proc/$pid/cmdline" || true)"
  done
  find "$ROOT/labs" -mindepth 1 -maxdepth 1 \( -name $A -o -name $B \)
  find /run/systemd/nspawn -mindepth 2 2>/dev/null || true
}

# As the tool under test will come in: strict about host keys, as any user.
strict_ssh() {
  local user=$1 i=$2
  shift 2
  "$LAB" exec $A ssh -F none -i "$ROOT/key/id_ed25519" -o BatchMode=yes -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$("$LAB" known-hosts $A)" "$user@10.77.0.10$i" "$@"
}

on_all() {
  local name=$1 i pids=() pid
  shift
  for i in 1 2 3; do
    "$LAB" ssh "$name" "$i" "$@" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || fail "on a node of $name: $*"; done
}

test_names() {
  local bad
  for bad in A 1a a.b elevenchars '' ../x; do fails "$LAB" up "$bad" 1; done
  for bad in 0 -1 100 x; do fails "$LAB" up $A "$bad"; done
  fails "$LAB" up $A 99 --from 2
  fails "$LAB" up $A 1 --image debian99
  fails "$LAB" status $A
  fails "$LAB" nonsense
  "$LAB" down $A
}

test_need() {
  local began=$SECONDS
  "$LAB" need
  "$LAB" image debian12
  "$LAB" image debian12-gluster
  began=$SECONDS
  "$LAB" need
  "$LAB" image debian12
  ((SECONDS - began < 3)) || fail "what is there already should cost nothing"
}

test_up() {
  "$LAB" up $A 2
  "$LAB" up $A 3
  "$LAB" up $A 3
  same "nodes that run" 3 "$("$LAB" status $A | grep -cw on)"
  "$LAB" up $A 1 --from 5
  same "nodes" "server1 server2 server3 server5" "$("$LAB" status $A | cut -d' ' -f1 | xargs)"
}

test_identity() {
  local i
  for i in 1 2 3; do
    same "name and address" "server$i 10.77.0.10$i" \
      "$("$LAB" ssh $A "$i" 'echo "$(hostname) $(getent hosts "$(hostname)" | cut -d" " -f1)"')"
  done
  same "systemd" running "$("$LAB" ssh $A 1 systemctl is-system-running)"
  same "different machine ids" 3 "$(on_all $A cat /etc/machine-id | sort -u | wc -l)"
  same "different host keys" 12 "$(cut -d' ' -f3 "$("$LAB" known-hosts $A)" | sort -u | wc -l)"
  same "apt sources" "deb [trusted=yes] file:/srv/lab-repo ./" "$("$LAB" ssh $A 1 'cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null')"
  same "policy-rc.d of the host" "" "$("$LAB" ssh $A 1 'ls /usr/sbin/policy-rc.d 2>/dev/null || true')"
  same "nodes in the inventory" 2 "$("$LAB" inventory $A 2 | grep -c 'hostname: server')"
}

test_privilege() {
  same "root" 0 "$(strict_ssh root 1 id -u)"
  same "admin by sudo" 0 "$(strict_ssh admin 1 sudo -n id -u)"
  fails strict_ssh pw 1 sudo -n id -u
  same "pw by sudo with a password" 0 "$(echo pw | strict_ssh pw 1 sudo -S -p "''" id -u)"
}

test_power() {
  "$LAB" ssh $A 2 'echo kept > /data/file; echo kept > /root/file'
  "$LAB" kill $A 2
  same "state" off "$("$LAB" status $A | awk '/server2/ {print $4}')"
  fails "$LAB" ssh $A 2 true
  "$LAB" boot $A 2
  same "what was on its disks" "kept kept" "$("$LAB" ssh $A 2 cat /data/file /root/file | xargs)"
}

# Power that goes says no goodbye: the other side of a connection must hear nothing, not a reset.
test_silence() {
  "$LAB" exec $A bash -euc '
    exec 3<> /dev/tcp/10.77.0.102/22
    read -r -t 5 -u 3 _
    "$1" kill "$2" 2
    rc=0
    read -r -t 2 -u 3 _ || rc=$?
    ((rc > 128))' - "$LAB" $A || fail "the connection to a node without power was closed"
  "$LAB" boot $A 2
}

test_network() {
  "$LAB" ssh $A 1 ping -qc1 -W1 10.77.0.102 > /dev/null
  "$LAB" cut $A 2
  same "state" cut "$("$LAB" status $A | awk '/server2/ {print $4}')"
  fails "$LAB" ssh $A 1 ping -qc1 -W1 10.77.0.102 > /dev/null
  "$LAB" mend $A 2
  "$LAB" ssh $A 1 ping -qc1 -W5 10.77.0.102 > /dev/null
  fails "$LAB" ssh $A 1 ping -qc1 -W1 192.0.2.1 > /dev/null
}

test_reset() {
  local began
  "$LAB" ssh $A 3 'touch /data/file /root/file; rm /etc/motd'
  began=$(date +%s%N)
  "$LAB" reset $A 3
  echo "  reset took $((($(date +%s%N) - began) / 1000000)) ms"
  same "files" "/etc/motd" "$("$LAB" ssh $A 3 'ls -d /data/* /root/file /etc/motd 2>/dev/null || true')"
  same "host key still known" server3 "$(strict_ssh root 3 hostname)"
}

test_reboot() {
  local before
  before=$("$LAB" ssh $A 1 'touch /root/file; cat /proc/1/stat | cut -d" " -f22')
  "$LAB" ssh $A 1 reboot || true
  sleep 1
  "$LAB" boot $A 1
  [[ $before != "$("$LAB" ssh $A 1 'ls /root/file > /dev/null && cat /proc/1/stat | cut -d" " -f22')" ]] || fail "it did not reboot"
}

# Bricks have a file system of their own, which fills up on its own.
test_disk() {
  local root data
  read -r root data < <("$LAB" ssh $A 1 stat -c %d / /data | xargs)
  [[ $root != "$data" ]] || fail "/data is on the root file system"
  fails "$LAB" ssh $A 1 fallocate -l 5G /data/big
  "$LAB" ssh $A 2 fallocate -l 3G /data/big
  (($("$LAB" ssh $A 1 df --output=avail /data | tail -n 1) > 3000000)) || fail "nodes share a disk"
  "$LAB" ssh $A 2 rm /data/big
  fails "$LAB" disk $A 1
  "$LAB" kill $A 1
  "$LAB" disk $A 1
  "$LAB" boot $A 1
  "$LAB" ssh $A 1 'mkfs.xfs -q /dev/vdb && mount /dev/vdb /mnt && touch /mnt/file'
  "$LAB" kill $A 1
  "$LAB" boot $A 1
  "$LAB" ssh $A 1 'mount /dev/vdb /mnt && ls /mnt/file' > /dev/null
  "$LAB" down $A
  LAB_DISK_FS=ext4 "$LAB" up $A 1
  same "file system" ext4 "$("$LAB" ssh $A 1 findmnt -no FSTYPE /data)"
}

test_fallback() {
  "$LAB" down $A
  LAB_NO_LOOP=1 "$LAB" up $A 1 2>&1 | grep -q 'no loop device' || fail "nothing was said of the missing loop device"
  "$LAB" ssh $A 1 touch /data/file
  "$LAB" kill $A 1
  "$LAB" manifest $A 1 | grep -q ' /data/file' || fail "not in the manifest"
  "$LAB" boot $A 1
  "$LAB" ssh $A 1 ls /data/file > /dev/null
  "$LAB" down $A
}

test_side_by_side() {
  "$LAB" up $B 1 &
  "$LAB" up $A 1
  wait $!
  "$LAB" ssh $A 1 'echo a > /data/which'
  "$LAB" ssh $B 1 'echo b > /data/which'
  same "two nodes of one address" "a b" "$("$LAB" ssh $A 1 cat /data/which) $("$LAB" ssh $B 1 cat /data/which)"
  "$LAB" down $B
  same "the other is left alone" a "$("$LAB" ssh $A 1 cat /data/which)"
}

test_manifest() {
  local before
  "$LAB" up $A 1
  before=$("$LAB" manifest $A 1)
  "$LAB" ssh $A 1 'touch /data/x; ln -s x /data/y; chmod 700 /etc/ssh; rm /etc/motd; echo 1 > "/root/a
b"'
  same "changes seen" 6 "$(diff <(echo "$before") <("$LAB" manifest $A 1) | grep -c '^>')"
  "$LAB" ssh $A 1 'rm -r /data/x /data/y'
  same "of a node without power" "$("$LAB" manifest $A 1)" "$("$LAB" kill $A 1 && "$LAB" manifest $A 1)"
  "$LAB" boot $A 1
  same "after a power cycle" "$("$LAB" kill $A 1 && "$LAB" manifest $A 1)" "$("$LAB" boot $A 1 && "$LAB" manifest $A 1)"
  "$LAB" down $A
}

install_debian='apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y glusterfs-server > /dev/null 2>&1'

# A replica volume as a person would make it, then half a minute of rest, in which nothing may change.
test_volume() {
  local before
  "$LAB" up $A 3
  on_all $A "$install_debian && mkdir -p /data/glusterfs && systemctl enable -q --now glusterd"
  "$LAB" ssh $A 1 'set -e
    for i in 2 3; do gluster peer probe 10.77.0.10$i; done
    until [ "$(gluster peer status | grep -c "Peer in Cluster (Connected)")" = 2 ]; do sleep .2; done
    gluster --mode=script volume create v replica 3 10.77.0.10{1,2,3}:/data/glusterfs/shared
    gluster --mode=script volume start v' > /dev/null
  on_all $A 'mkdir -p /mnt/gluster && mount -t glusterfs localhost:/v /mnt/gluster'
  "$LAB" ssh $A 1 'echo hello > /mnt/gluster/file'
  same "on another node's mount, and in its brick" "hello hello" \
    "$("$LAB" ssh $A 3 cat /mnt/gluster/file /data/glusterfs/shared/file | xargs)"
  sleep 5
  before=$("$LAB" manifest $A 1)
  sleep 35
  same "an idle node" "$before" "$("$LAB" manifest $A 1)"
  "$LAB" down $A
}

test_debian13() {
  "$LAB" up $A 1 --image debian13
  "$LAB" ssh $A 1 "$install_debian"
  "$LAB" up $A 1 --from 2 --image debian13-gluster
  same "installed the same way" "$("$LAB" ssh $A 1 'gluster --version | head -n 1; systemctl is-enabled glusterd; true')" \
    "$("$LAB" ssh $A 2 'gluster --version | head -n 1; systemctl is-enabled glusterd; true')"
  "$LAB" ssh $A 1 'systemctl start glusterd && gluster peer status' > /dev/null
  "$LAB" down $A
}

test_rhel() {
  "$LAB" up $A 1 --image rhel
  same "family" "rhel centos fedora" "$("$LAB" ssh $A 1 '. /etc/os-release; echo $ID_LIKE')"
  fails "$LAB" ssh $A 1 'command -v apt-get dpkg-query'
  fails "$LAB" ssh $A 1 rpm -q glusterfs-server > /dev/null
  "$LAB" ssh $A 1 dnf install -y glusterfs-server firewalld > /dev/null 2>&1
  "$LAB" ssh $A 1 'rpm -q glusterfs-server && systemctl start glusterd firewalld && gluster peer status && firewall-cmd --add-service=glusterfs' > /dev/null
  "$LAB" ssh $A 1 dnf install -y glusterfs-server | grep -q 'Nothing to do' || fail "not idempotent"
  "$LAB" up $A 1 --from 2 --image rhel-gluster
  "$LAB" ssh $A 2 'rpm -q glusterfs-server && systemctl start glusterd' > /dev/null
  "$LAB" down $A
}

# `lab up` and `lab reset` killed at any moment: `down` finds all, and `up` goes on from there.
test_crash() {
  local moment pid
  for moment in 0.02 0.05 0.1 0.2 0.3 0.5 0.7 1.0 1.5; do
    "$LAB" up $A 3 2>/dev/null &
    pid=$!
    sleep $moment
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    "$LAB" down $A
    same "left after a kill at $moment s" "" "$(traces)"
  done
  for moment in 0.1 0.2 0.4 0.7; do
    "$LAB" up $A 2
    "$LAB" reset $A 1 2>/dev/null &
    pid=$!
    sleep $moment
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    "$LAB" up $A 2
    same "nodes after a reset killed at $moment s" 2 "$("$LAB" status $A | grep -cw on)"
  done
  "$LAB" up $A 2
  "$LAB" exec $A sleep 1000 &
  disown # its end is no news
  "$LAB" down $A &
  "$LAB" down $A
  wait $! || fail "two at once"
  "$LAB" down $A
}

main() {
  local test began
  (($# == 0)) || TESTS=("$@")
  "$LAB" down $A
  "$LAB" down $B
  same "before we begin" "" "$(traces)"
  for test in "${TESTS[@]}"; do
    began=$SECONDS
    echo "$test"
    # not in an `if` or `||`: bash would go on after a failing command
    (set -e && "test_$test")
    echo "  ok, $((SECONDS - began)) s"
  done
  "$LAB" down $A
  "$LAB" down $B
  same "left in the end" "" "$(traces)"
  echo "the lab works"
}

main "$@"
