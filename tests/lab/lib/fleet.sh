# shellcheck shell=bash
# Whole labs, and the commands that take several nodes.

cmd_up() {
  local name=$1 count=$2 image=debian12 from=1 i
  shift 2
  while (($#)); do
    case $1 in
      --image) image=${2-} ;;
      --from) from=${2-} ;;
      *) usage "unknown option \`$1\`" ;;
    esac
    shift
    shift || usage "an option wants a value"
  done
  check_root
  check_name "$name"
  check_number "$count"
  check_number "$from"
  check_number $((from + count - 1))
  cmd_image "$image"
  lab_begin "$name"
  network_up "$name"
  for ((i = from; i < from + count; i++)); do echo "$i"; done | each_node "$name" node_up "$image"
}

# From here on we are this lab's: `lab down` ends us. The folder comes first, it tells that the rest is ours.
lab_begin() {
  local dir
  dir=$(lab_dir "$1")
  [[ -d $dir || ! -e /run/netns/$1 ]] || die "the namespace \`$1\` exists and is no lab of $LAB_ROOT"
  mkdir -p "$dir"
  cgroup_enter "$(work_cgroup "$1")"
  lock "$dir/lock"
}

# Run a function on the nodes whose numbers are on stdin, side by side: each_node NAME FUNCTION [MORE..].
# All are let finish; it fails when one failed.
each_node() {
  local name=$1 function=$2 i pid failed=0 pids=()
  shift 2
  while read -r i; do
    (set -e && "$function" "$name" "$i" "$@") < /dev/null &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  known_hosts "$name"
  return "$failed"
}

node_up() {
  local name=$1 i=$2 image=$3 dir
  dir=$(node_dir "$name" "$i")
  if [[ ! -f $dir/image ]]; then
    node_kill "$name" "$i"
    node_create "$name" "$i" "$image"
  elif [[ $(cat "$dir/image") != "$image" ]]; then
    say "server$i stays what it is, $(cat "$dir/image") (another image: \`lab down\` first)"
  fi
  node_boot "$name" "$i"
  node_wait "$name" "$i"
}

node_start() {
  node_boot "$1" "$2"
  node_wait "$1" "$2"
}

cmd_kill() { on_nodes node_kill "$@"; }
cmd_boot() { on_nodes node_start "$@"; }
cmd_reset() { on_nodes node_reset "$@"; }
cmd_disk() { on_nodes node_disk "$@"; }

on_nodes() {
  local function=$1 name=$2 i
  shift 2
  check_root
  check_lab "$name"
  (($#)) || usage "which nodes?"
  for i in "$@"; do check_node "$name" "$i"; done
  lab_begin "$name"
  network_up "$name" # after a reboot of this machine it is gone
  printf '%s\n' "$@" | each_node "$name" "$function"
}

cmd_ssh() {
  local name=$1 i=$2
  shift 2
  check_lab "$name"
  check_node "$name" "$i"
  # the lab's own hand: it gets in even when a test plays with host keys
  exec nsenter --net="/run/netns/$name" -- ssh -F none -i "$KEY" -o IdentitiesOnly=yes -o BatchMode=yes \
    -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=none \
    -o ConnectTimeout=5 -o LogLevel=ERROR "root@$(node_address "$i")" "$@"
}

cmd_exec() {
  local name=$1
  shift
  check_lab "$name"
  (($#)) || usage "which command?"
  exec nsenter --net="/run/netns/$name" -- "$@"
}

known_hosts() {
  local dir i file
  dir=$(lab_dir "$1")
  for i in $(node_numbers "$1"); do
    for file in "$(node_dir "$1" "$i")"/hostkeys/etc/ssh/*.pub; do
      echo "$(node_address "$i"),server$i $(cut -d' ' -f1,2 "$file")"
    done
  done > "$dir/known_hosts.$BASHPID"
  mv "$dir/known_hosts.$BASHPID" "$dir/known_hosts"
}

cmd_known_hosts() {
  check_lab "$1"
  known_hosts "$1"
  echo "$(lab_dir "$1")/known_hosts"
}

cmd_inventory() {
  local name=$1 i
  check_lab "$name"
  cat <<EOF
ssh:
  user: root
  identity_file: $KEY
  known_hosts: $(lab_dir "$name")/known_hosts
storage:
  glusterfs:
    brick_path: /data/glusterfs/shared
    mount_point: /mnt/gluster
nodes:
  controllers:
EOF
  for i in $(if [[ -n ${2-} ]]; then seq "$2"; else node_numbers "$name"; fi); do
    check_node "$name" "$i"
    printf '    - hostname: server%s\n      ip_address: %s\n      services: {glusterfs: true}\n' "$i" "$(node_address "$i")"
  done
}

cmd_status() {
  local name=$1 i state
  check_lab "$name"
  for i in $(node_numbers "$name"); do
    state=off
    if node_running "$name" "$i"; then state=on; fi
    if [[ $state == on ]] && is_cut "$name" "$i"; then state='cut'; fi
    printf '%-10s %-13s %-16s %-4s disk %s\n' "server$i" "$(node_address "$i")" \
      "$(cat "$(node_dir "$name" "$i")/image")" "$state" "$(du -sh "$(node_dir "$name" "$i")" | cut -f1)"
  done
}

cmd_down() {
  local dir
  check_root
  if [[ $1 != --all ]]; then
    check_name "$1"
    lab_down "$1"
    return
  fi
  for dir in "$LABS"/*/; do
    [[ ! -d $dir ]] || lab_down "$(basename "$dir")"
  done
}

# First those who could still make something, then what they made. The folder goes last: as long as it
# stands, the lab can be taken down again.
lab_down() {
  local name=$1 dir group node
  dir=$(lab_dir "$name")
  [[ -d $dir ]] || return 0
  cgroup_kill "$(work_cgroup "$name")"
  lock "$dir/lock"
  for node in "/run/netns/$name."*; do
    ip -n "$name" link set "v${node##*.}" down 2>/dev/null || true
  done
  for group in $(cgroups_of_lab "$name"); do cgroup_kill "$group"; done
  network_down "$name"
  for node in "$dir"/n*; do
    wait_until 30 disk_free "$node" || die "a disk of $node is still in use: $(losetup -l -n -O NAME,BACK-FILE)"
  done
  for group in $(cgroups_of_lab "$name"); do cgroup_remove "$group"; done
  rm -rf "$dir"
}

cmd_clean() {
  local image group
  cmd_down --all
  for image in "${IMAGE_NAMES[@]/%/-gluster}" "${IMAGE_NAMES[@]}"; do
    [[ -d $IMAGES ]] || continue
    group=$(image_cgroup "$image")
    cgroup_kill "$group"
    cgroup_remove "$group"
  done
  rm -rf "$LAB_ROOT"
}
