# shellcheck shell=bash disable=SC2154 # `root`, `here` and `lab` are try.sh's
# The room in which the machines run: namespaces for network, mounts and processes, and the folder of tools (below an
# overlay) as its root. Its first process ends with this script, however that ends, and takes all others, the mounts
# and the networks with it; what is left is one folder.

room_open() {
  local tries=0
  say 'opening the room: a network of its own, libvirt'
  rm -rf "$root/run"
  mkdir -p "$lab"
  cp -a "$here"/{Vagrantfile,provision.sh,inventory.yml} "$lab/"
  setpriv --pdeathsig KILL unshare --mount --net --pid --ipc --fork --kill-child --propagation private \
    "$here/try/first-process.sh" "$root/tools" "$root/run" > "$root/room.log" 2>&1 < /dev/null &
  holder=$!
  until in_room virsh -q version > /dev/null 2>&1; do
    if ! kill -0 "$holder" 2>/dev/null || ((++tries > 120)); then
      die "libvirt does not answer: $(tail -n 20 "$root/room.log")"
    fi
    sleep 0.5
  done
}

room_close() {
  [[ -n ${holder-} ]] || return 0
  kill -KILL "$holder" 2>/dev/null || true
  wait "$holder" 2>/dev/null || true
  holder=
  # the room's mounts go away with its last process, a moment later
  wait_until 30 rm -rf "$root/run" 2>/dev/null || say "$root/run is still in use"
}

# The command sees the tools' files, and the machines' networks.
in_room() {
  local first
  first=$(pgrep -P "$holder") || return 1
  nsenter --target "$first" --mount --net --pid --ipc --root -- \
    env -i --chdir="$lab" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME="$lab/home" \
    VAGRANT_HOME="$lab/home/.vagrant.d" VAGRANT_CHECKPOINT_DISABLE=1 LIBVIRT_DEFAULT_URI=qemu:///system \
    LAB_BOX=bricklayer-debian12 LAB_NODES=2 LAB_MEMORY=768 LAB_DISK=2 LAB_VIRT="$LAB_VIRT" "$@" < /dev/null
}

# The command sees this machine's files, and the machines' networks: an admin's laptop.
on_network() { nsenter --net="/proc/$holder/ns/net" -- "$@"; }

nothing_left() {
  local left
  left=$(grep -F " $root/" /proc/self/mountinfo || true
    ip -brief address | grep -F 10.77.1. || true
    ls -d "$root/run" 2>/dev/null || true)
  [[ -z $left ]] || die "left behind: $left"
}
