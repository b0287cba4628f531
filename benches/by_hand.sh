#!/bin/bash
# What an admin who knows it well would write against fresh nodes, to end where `bricklayer up` ends: packages,
# glusterd, pool, volume, options, mounts that survive every boot order, directories. Everything that can be done
# side by side is, over one connection a node.
#
# by_hand.sh KEY KNOWN_HOSTS IP..
#
# It is the yardstick, not an example: it knows one distribution, trusts every exit code, takes no lock, looks at
# nothing before it changes something, and cannot be run twice.
set -euo pipefail

key=$1 known_hosts=$2
shift 2
nodes=("$@")
volume=shared_data
brick=/data/glusterfs/shared
mount_point=/mnt/gluster
options=(performance.cache-size 256MB network.ping-timeout 10 cluster.self-heal-daemon on)
directories=(frontend_builds slurm/state slurm/logs slurm/spool uploads config)

sockets=$(mktemp -d)
# The key exchange that both sides have and that costs least: OpenSSH's own first choice takes 0.1 s of CPU more.
ssh=(ssh -F none -i "$key" -l root -o IdentitiesOnly=yes -o BatchMode=yes -o "UserKnownHostsFile=$known_hosts"
  -o KexAlgorithms=curve25519-sha256 -o "ControlPath=$sockets/%h" -o LogLevel=ERROR)

on() { # on NODE SCRIPT WORDS..: the script on standard input, as `sh -s`
  local node=$1 script=$2
  shift 2
  "${ssh[@]}" "$node" "sh -s -- $*" <<<"$script"
}

everywhere() { # everywhere FUNCTION: for all nodes side by side; all must do well
  local node pids=() pid
  for node in "${nodes[@]}"; do
    "$1" "$node" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

goodbye() {
  local node
  for node in "${nodes[@]}"; do "${ssh[@]}" -O exit "$node" 2>/dev/null || :; done
  wait
  rm -rf "$sockets"
}
trap goodbye EXIT

connect() {
  # A child, not a daemon: so that its CPU time is counted as ours.
  "${ssh[@]}" -M -N "$1" &
  masters+=($!)
  until [[ -S $sockets/$1 ]]; do
    kill -0 "$!"
    sleep 0.01
  done
}

# Everything that needs no other node, in one go.
prepare() {
  local node=$1 others
  others=$(printf '%s\n' "${nodes[@]}" | grep -vFx "$node" | paste -sd:)
  # shellcheck disable=SC2016 # expanded on the node
  on "$node" '
    set -eu
    export DEBIAN_FRONTEND=noninteractive
    volume=$1 brick=$2 point=$3 others=$4 own=$5
    if ! command -v glusterd >/dev/null; then
      apt-get -q update
      apt-get -q -y --no-install-recommends install glusterfs-server glusterfs-client
    fi >/dev/null 2>&1
    mkdir -p "$brick" "$point"
    echo "$own:/$volume $point glusterfs defaults,noauto,_netdev,backup-volfile-servers=$others 0 0" >>/etc/fstab
    cat >/etc/systemd/system/gluster-mount-$volume.service <<UNIT
# Written by bricklayer. Mounts the GlusterFS volume $volume and keeps trying until the volume serves.
[Unit]
Description=Mount GlusterFS volume $volume on $point
After=glusterd.service network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c '\''findmnt -n -M $point >/dev/null || mount $point && findmnt -n -M $point >/dev/null'\''
ExecStop=/bin/umount -l $point
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
UNIT
    systemctl -q enable gluster-mount-$volume.service
    systemctl -q enable --now glusterd
  ' "$volume" "$brick" "$mount_point" "$others" "$node"
}

# The pool as this node sees it: all others in the cluster and connected. The coordinator's own view is not
# enough, the nodes must know each other before a volume is made.
settle() {
  # shellcheck disable=SC2016
  on "$1" '
    until [ "$(gluster --mode=script --xml pool list | grep -c "<state>3<\|<connected>1<")" -eq "$1" ]; do
      tries=$((${tries:-0} + 1)); [ "$tries" -lt 600 ]
      sleep 0.1
    done
  ' $((2 * (${#nodes[@]} - 1) + 1))
}

build() {
  # shellcheck disable=SC2016
  on "${nodes[0]}" "
    set -eu
    gluster --mode=script volume create $volume replica ${#nodes[@]} ${nodes[*]/%/:$brick}
    gluster --mode=script volume set $volume ${options[*]}
    gluster --mode=script volume start $volume
  " >/dev/null
}

join() {
  on "${nodes[0]}" "set -e; for peer in ${nodes[*]:1}; do gluster --mode=script peer probe \"\$peer\"; done" >/dev/null
}

mount_it() { on "$1" "systemctl start gluster-mount-$volume.service && findmnt -n -M $mount_point -t fuse.glusterfs >/dev/null"; }

masters=()
for node in "${nodes[@]}"; do connect "$node"; done
everywhere prepare
join
everywhere settle
build
everywhere mount_it
on "${nodes[0]}" "cd $mount_point && mkdir -p ${directories[*]}"
