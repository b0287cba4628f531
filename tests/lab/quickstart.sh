#!/bin/bash
# A cluster of three real nodes on this machine, in a network of its own, brought up from the manual's inventory.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
PATH=$PATH:$HOME/.cargo/bin:/usr/sbin
lab=tests/lab/lab
folder=${XDG_STATE_HOME:-$HOME/.local/state}/bricklayer/quickstart
inventory=$folder/inventory.yml

say() { printf '\n==> %s\n' "$*"; }

say 'building bricklayer'
cargo build --release --locked
bricklayer=$PWD/target/release/bricklayer

say 'booting three nodes: server1, server2, server3 (the first time an image is built, a minute or two)'
$lab up quick 3
mkdir -p "$folder"

# The manual's example, with the lab's addresses, all three controllers, and how to log in.
{
  $lab inventory quick | sed '/^storage:/,$d'
  sed -e '/^#/d' -e 's/192\.168\.1\./10.77.0./' -e 's/^\( *\)#- {hostname: server/\1- {hostname: server/' -e '/^ *#/d' inventory/example.yml
} >"$inventory"
$lab known-hosts quick >/dev/null

run() {
  printf '\n$ bricklayer -i %s %s\n' "$inventory" "$*"
  $lab exec quick "$bricklayer" -i "$inventory" "$@"
}

say 'what would be done'
run plan
say 'doing it'
run up --yes
say 'how it is'
for _ in 1 2 3 4 5; do
  run status && break
  sleep 2
done
say 'a file written on server1 is on server3'
$lab ssh quick 1 'echo "laid by bricklayer" >/mnt/gluster/uploads/hello'
$lab ssh quick 3 'cat /mnt/gluster/uploads/hello'
cat <<END

The cluster is up. To play on:

  $lab exec quick $bricklayer -i $inventory status
  $lab kill quick 2          # pull the plug of server2; 'boot' plugs it in again
  $lab ssh quick 1           # a shell on server1
  $lab down quick            # nothing is left of it
END
