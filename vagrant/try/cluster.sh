# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # `root`, `lab` and `bricklayer` are try.sh's; what is quoted is for the machines
# What is tried: two machines, a cluster on them, and whether it comes back by itself after a power cut.

machines_up() {
  say 'vagrant validate'
  in_room vagrant validate
  say 'vagrant box add'
  cp --reflink=auto "$root/box/lab.box" "$lab/"
  in_room vagrant --no-tty box add --name bricklayer-debian12 lab.box
  rm "$lab/lab.box"
  say "vagrant up: two machines, LAB_VIRT=$LAB_VIRT"
  in_room vagrant --no-tty up --provider=libvirt
  say 'the disks of server1'
  node server1 'lsblk -o NAME,TYPE,SIZE,FSTYPE,LABEL,MOUNTPOINT; cat /etc/fstab /etc/hosts; systemd-analyze time'
  say 'vagrant provision: run again it changes nothing'
  in_room vagrant provision
}

cluster_up() {
  # two of the three controllers
  sed '/hostname: server3/d' "$lab/inventory.yml" > "$lab/two.yml"
  run plan
  run up --yes
  patient 300 healthy || true # the self-heal daemons have just started
  run status
  run up --yes
  run plan --exit-code
  say 'a file written on server1 is on server2'
  node server1 'echo "laid by bricklayer" | sudo tee /mnt/gluster/uploads/hello; sync'
  # Each syncs its own disk: what a brick has acknowledged and not yet written may be empty after a power cut (seen
  # here).
  node server2 'cat /mnt/gluster/uploads/hello; sync'
}

# power_cut MACHINE..: the reset button of each, at once; nobody helps them up.
power_cut() {
  local machine
  local -A before
  for machine in "$@"; do before[$machine]=$(boot_id "$machine"); done
  say "power cut: $*"
  for machine in "$@"; do in_room virsh reset "bricklayer_$machine"; done
  for machine in "$@"; do
    patient 1500 booted_again "$machine" "${before[$machine]}" || die "$machine does not boot again"
  done
  say 'booted; waiting for the volume'
  for machine in "$@"; do
    patient 600 node "$machine" 'findmnt -n -t fuse.glusterfs -M /mnt/gluster' || die "$machine: the volume is not mounted"
  done
  for machine in "$@"; do show_boot "$machine"; done
  patient 300 healthy || die 'the cluster is not healthy again'
  run status
  run plan --exit-code
}

# The disk's mount is fstab's, and glusterd came after it; the file is on the brick and in the volume.
show_boot() {
  say "$1 after its boot"
  node "$1" '
    set -e
    findmnt -n -t xfs -M /data
    findmnt -n -t fuse.glusterfs -M /mnt/gluster
    [ "$(systemctl show -p SourcePath --value data.mount)" = /etc/fstab ]
    [ "$(cat /mnt/gluster/uploads/hello)" = "laid by bricklayer" ]
    sudo cmp /mnt/gluster/uploads/hello /data/glusterfs/shared/uploads/hello
    at() { systemctl show -p ActiveEnterTimestampMonotonic --value "$1"; }
    for unit in data.mount network-online.target glusterd.service gluster-mount-shared_data.service; do
      echo "$unit active $(($(at "$unit") / 1000)) ms after the kernel started"
    done
    [ "$(at data.mount)" -lt "$(at glusterd.service)" ]
    systemctl --failed --no-legend
    systemd-analyze time'
}

machines_gone() {
  say 'vagrant destroy'
  in_room vagrant destroy -f
  [[ -z $(in_room virsh list --all --name) ]] || die 'a machine is left'
  [[ ! -e $lab/.vagrant/known_hosts ]] || die 'known_hosts is left'
}

# patient SECONDS COMMAND..: until it succeeds; asking more often would only slow the machines down
patient() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 2
  done
}

healthy() { tool status > /dev/null 2>&1; }

booted_again() {
  local id
  id=$(boot_id "$1") && [[ -n $id && $id != "$2" ]]
}

boot_id() { node "$1" 'cat /proc/sys/kernel/random/boot_id' 2>/dev/null; }

# node MACHINE COMMAND
node() {
  on_network ssh -q -F /dev/null -i "$lab/.vagrant/id_ed25519" -o ConnectTimeout=30 -o ServerAliveInterval=10 -o BatchMode=yes \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "vagrant@10.77.1.10${1#server}" "$2" < /dev/null
}

tool() { on_network env XDG_STATE_HOME="$lab/state" "$bricklayer" -i "$lab/two.yml" "$@" < /dev/null; }

# run WORDS..: bricklayer, and again where a node did not answer in time (exit codes 4 and 5, nothing was done then): with
# an emulated processor on a busy machine it may take longer than bricklayer waits. No other failure is forgiven.
run() {
  local code tries
  for tries in 1 2 3 4 5; do
    code=0
    say "bricklayer $*"
    tool "$@" || code=$?
    [[ $LAB_VIRT == qemu && ($code == 4 || $code == 5) ]] || return "$code"
    say "exit code $code, try $tries of 5"
  done
  return "$code"
}
