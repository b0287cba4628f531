# shellcheck shell=bash
# Control groups. Each node has one, so that stopping a unit inside kills what it kills on a real host; and
# each lab has one for the commands that are at work on it, so that `lab down` finds and ends all of them,
# even the orphans of a command that was killed half-way.

# One line a hierarchy we must be in: `systemd` (v1) and `unified` (v2) on a hybrid host, the root itself on
# a pure v2 host. Only hybrid was available to try this on; v2 is written by the book, not tried.
cgroup_roots() {
  local root
  for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [[ ! -w $root/cgroup.procs ]] || echo "$root"
  done
}

work_cgroup() { echo "bricklayer-$1"; }
# The folder's inode stands for this LAB_ROOT: another one may build the same image at the same time.
image_cgroup() { echo "bricklayer+$(stat -c %i "$IMAGES").$1"; }
node_cgroup() { echo "bricklayer-$1.$2"; }

# Move the calling (sub)shell, and so everything it will start, into a group.
cgroup_enter() {
  local root
  for root in $(cgroup_roots); do
    mkdir -p "$root/$1"
    echo "$BASHPID" > "$root/$1/cgroup.procs"
  done
}

# Every process in a group and below, without this one and those it runs in.
cgroup_pids() {
  local root pid
  for root in $(cgroup_roots); do
    [[ ! -d $root/$1 ]] || find "$root/$1" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -un | while read -r pid; do
    [[ $pid == 0 || $pid == "$$" || $pid == "$BASHPID" ]] || echo "$pid"
  done
}

cgroup_empty() { [[ -z $(cgroup_pids "$1") ]]; }

# Kill all at once, as often as it takes: something may fork while we read the list.
cgroup_kill() {
  local pids end=$((SECONDS + 30))
  while pids=$(cgroup_pids "$1") && [[ -n $pids ]]; do
    ((SECONDS < end)) || die "cannot end $(echo "$pids" | tr '\n' ' ')in control group \`$1\`"
    # shellcheck disable=SC2086 # a list of numbers
    kill -9 $pids 2>/dev/null || true
    sleep 0.02
  done
}

cgroup_gone() {
  local root left=0
  for root in $(cgroup_roots); do
    [[ -d $root/$1 ]] || continue
    find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null || left=1
  done
  return "$left"
}

cgroup_remove() { wait_until 5 cgroup_gone "$1" || say "control group \`$1\` does not go away"; }

# The groups of a lab that exist, from whatever moment: `bricklayer-NAME` and `bricklayer-NAME.I`.
cgroups_of_lab() {
  local root group
  for root in $(cgroup_roots); do
    for group in "$root/$(work_cgroup "$1")" "$root/$(work_cgroup "$1")".*; do
      [[ ! -d $group ]] || echo "${group##*/}"
    done
  done | sort -u
}
