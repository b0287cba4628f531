# shellcheck shell=bash
# A lab's network: the namespace NAME holds the bridge (10.77.0.254) and is where the tool under test runs;
# each node has a namespace NAME.I. Both ends of every cable lie inside these, the host's network sees nothing.

network_up() {
  local name=$1
  [[ $(ip -n "$name" addr show br0 up 2>/dev/null) == *"inet $NET.254/"* ]] && return
  network_down "$name" # what a killed `lab up` left half-made
  ip netns add "$name"
  # no multicast snooping: without a querier on the bridge, keepalived's packets would get lost
  ip -n "$name" -batch - <<EOF
link set lo up
link add br0 type bridge forward_delay 0 mcast_snooping 0
addr add $NET.254/24 dev br0
link set br0 up
EOF
}

# A node's card and cable. The hardware address stays the same over power cycles, as a real card's does.
cable_in() {
  local name=$1 i=$2 mac
  cable_gone "$name" "$i"
  mac=$(printf '02:77:00:00:00:%02x' "$i")
  ip netns add "$name.$i"
  ip -n "$name" -batch - <<EOF
link add v$i type veth peer name host0 address $mac netns $name.$i
link set v$i master br0 up
EOF
  ip -n "$name.$i" -batch - <<EOF
link set lo up
addr add $(node_address "$i")/24 dev host0
link set host0 up
EOF
}

# Without its namespace a node's open connections vanish without a word to the other side: a power cut does
# not say goodbye either. (A killed process in a living namespace would: its kernel sends FIN or RST.)
cable_gone() {
  ip -n "$1" link set "v$2" down 2>/dev/null || true
  ip netns del "$1.$2" 2>/dev/null || true
  # the namespace dies a moment after its last process; until then the bridge would still hold its cable
  ip -n "$1" link del "v$2" 2>/dev/null || true
}

# The bridge's end goes down: the node sees its link without carrier and sends into the void, as with a
# pulled cable. (Its own end down would take its routes away, and programs would know at once.)
cmd_cut() {
  check_lab "$1"
  check_node "$1" "$2"
  ip -n "$1" link set "v$2" down || die "server$2 is off"
}

cmd_mend() {
  check_lab "$1"
  check_node "$1" "$2"
  ip -n "$1" link set "v$2" up || die "server$2 is off"
}

is_cut() { [[ $(ip -n "$1" link show "v$2" 2>/dev/null) == *"state DOWN"* ]]; }

# Only the network is entered: `ip netns exec` would make a mount namespace too, in which a long-running
# command would keep every file system alive that was mounted when it started.
in_network() {
  local name=$1
  shift
  nsenter --net="/run/netns/$name" -- "$@"
}

# This process and all it runs in: a test run by `lab exec` may well call us.
ancestors() {
  local pid=$$
  while ((pid > 0)); do
    echo "$pid"
    pid=$(awk '/^PPid:/ {print $2}' "/proc/$pid/status")
  done
}

network_down() {
  local name=$1 file pids
  for file in "/run/netns/$name" "/run/netns/$name".*; do
    [[ -e $file ]] || continue
    # what was started by `lab exec` and is still there, such as a shared ssh connection
    pids=$(ip netns pids "${file##*/}" 2>/dev/null | grep -vxF "$(ancestors)" || true)
    # shellcheck disable=SC2086 # a list of numbers
    [[ -z $pids ]] || kill -9 $pids 2>/dev/null || true
    ip netns del "${file##*/}" 2>/dev/null || true
    # a kill between its file's making and its mounting leaves a plain file
    rm -f "$file"
  done
}
