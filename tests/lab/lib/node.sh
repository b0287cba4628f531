# shellcheck shell=bash
# One node: LABS/NAME/nI with
#   upper/ work/ root/   its overlay: what it changed, the kernel's scratch folder, where it is mounted
#   disk.img data/       its data disk and where that is mounted (disk/ instead, without loop devices)
#   spare.img            another disk, its /dev/vdb, where it has been given one
#   hostkeys/            its ssh host keys; they survive `lab reset`, so that known_hosts stays true
#   unmade               only while a reset is under way
#   image                its image's name; written last: a folder without it is half-made

node_running() { ! cgroup_empty "$(node_cgroup "$1" "$2")"; }

# The node's init, as this machine numbers it; nothing when it is off.
node_init() {
  local pid
  for pid in $(cgroup_pids "$(node_cgroup "$1" "$2")"); do
    [[ $(awk '/^NSpid:/ {print $NF, NF}' "/proc/$pid/status" 2>/dev/null) == "1 3" ]] || continue
    echo "$pid"
    return
  done
}

node_create() {
  local dir
  dir=$(node_dir "$1" "$2")
  rm -rf "$dir"
  mkdir -p "$dir/hostkeys/etc/ssh"
  ssh-keygen -A -f "$dir/hostkeys" > /dev/null
  node_fresh "$1" "$2"
  echo "$3" > "$dir/image.new"
  mv "$dir/image.new" "$dir/image"
}

# The state of a machine that was just installed: only its identity, and an empty data disk.
node_fresh() {
  local dir etc
  dir=$(node_dir "$1" "$2")
  etc=$dir/upper/etc
  touch "$dir/unmade" # a reset that was killed is done again before the node boots
  rm -rf "$dir"/{upper,work,disk,disk.img}
  mkdir -p "$dir"/{root,data,work} "$etc/ssh"
  chmod 755 "$dir/upper" "$etc" "$etc/ssh"
  cp -p "$dir"/hostkeys/etc/ssh/* "$etc/ssh/"
  echo "server$2" > "$etc/hostname"
  tr -d - < /proc/sys/kernel/random/uuid > "$etc/machine-id"
  disk_create "$dir"
  [[ ! -f $dir/spare.img ]] || spare_create "$dir"
  rm "$dir/unmade"
}

# A file system of its own for /data, as bricks should have: `df` and "no space left" are then the node's.
# XFS is what Gluster recommends; LAB_DISK_FS=ext4 for the other.
disk_create() {
  if ! loop_available; then
    say "no loop device to be had: /data is a plain folder on this machine's disk"
    mkdir "$1/disk"
    return
  fi
  truncate -s 4G "$1/disk.img"
  case ${LAB_DISK_FS:-xfs} in
    xfs) mkfs.xfs -q -i size=512 "$1/disk.img" ;;
    ext4) mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1 "$1/disk.img" ;;
    *) usage "LAB_DISK_FS is xfs or ext4" ;;
  esac
}

spare_create() {
  rm -f "$1/spare.img"
  truncate -s 4G "$1/spare.img"
}

node_disk() {
  ! node_running "$1" "$2" || die "server$2 runs: \`lab kill $1 $2\` first"
  loop_available || die "no loop device to be had"
  spare_create "$(node_dir "$1" "$2")"
}

# The kernel makes as many as are asked for, but in a container the device file may be missing.
# LAB_NO_LOOP=1: do as if there were none.
loop_available() {
  local device
  [[ -z ${LAB_NO_LOOP-} ]] || return 1
  device=$(losetup -f 2>/dev/null) || return 1
  [[ -b $device ]] || mknod -m 660 "$device" b 7 "${device#/dev/loop}" 2>/dev/null
}

# The kernel lets go of a disk a moment after its last user has ended. Two loop devices on one file would
# ruin it, so nobody may go on before that.
disk_free() {
  local disk
  for disk in "$1"/{disk,spare}.img; do
    [[ ! -f $disk || -z $(losetup -j "$disk" 2>/dev/null) ]] || return 1
  done
}

node_boot() {
  local name=$1 i=$2 dir image
  dir=$(node_dir "$name" "$i")
  node_running "$name" "$i" && return
  wait_until 30 disk_free "$dir" || die "the disk of server$i is still in use"
  image=$(cat "$dir/image")
  [[ -d $IMAGES/$image ]] || die "server$i is made of image $image, which is not there (\`lab image $image\`)"
  [[ ! -f $dir/unmade ]] || node_fresh "$name" "$i"
  cable_in "$name" "$i"
  (
    # from here on it belongs to nobody
    unlock
    exec setsid unshare --mount --propagation slave \
      "$LAB_DIR/lib/run-node" "$name" "$i" "$(image_layers "$image")" "$(image_repo "$image")"
  ) < /dev/null > "$dir/console.log" 2>&1 &
  NODE_JOB=$!
}

# Up means: its sshd answers us, and systemd has nothing left to start.
node_wait() {
  local name=$1 i=$2 end=$((SECONDS + BOOT_TIMEOUT)) state
  until in_network "$name" bash -c "read -t 2 -r < /dev/tcp/$(node_address "$i")/22" 2>/dev/null; do
    ((SECONDS < end)) || die "server$i: no sshd after $BOOT_TIMEOUT s, see $(node_dir "$name" "$i")/console.log"
    kill -0 "${NODE_JOB-none}" 2>/dev/null || node_running "$name" "$i" ||
      die "server$i does not boot: $(tail -n 5 "$(node_dir "$name" "$i")/console.log")"
    sleep 0.1
  done
  state=$(timeout "$BOOT_TIMEOUT" "$LAB_DIR/lab" ssh "$name" "$i" systemctl is-system-running --wait) || true
  [[ $state == running || $state == degraded ]] || die "server$i: systemd says \`$state\`"
}

node_kill() {
  local name=$1 i=$2
  ip -n "$name" link set "v$i" down 2>/dev/null || true
  cgroup_kill "$(node_cgroup "$name" "$i")"
  cable_gone "$name" "$i"
  cgroup_remove "$(node_cgroup "$name" "$i")"
  wait_until 30 disk_free "$(node_dir "$name" "$i")" || die "the disk of server$i is still in use"
}

node_reset() {
  node_kill "$1" "$2"
  node_fresh "$1" "$2"
  node_boot "$1" "$2"
  node_wait "$1" "$2"
}
