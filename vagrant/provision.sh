#!/bin/sh
# Run by Vagrant in each machine, as root: lets the key $1 in, and puts the blank disk to use as /data. Run again, it
# changes nothing.
set -eu

let_in() {
  file=/home/vagrant/.ssh/authorized_keys
  grep -Fqx -e "$1" "$file" || printf '%s\n' "$1" >>"$file"
}

die() {
  echo "provision.sh: $*" >&2
  exit 1
}

# Blank is a disk without partitions, holders and signatures, and of zeros from its first byte to its last.
is_blank() {
  size=$(blockdev --getsize64 "$1") &&
    [ "$size" -ge 1073741824 ] &&
    [ "$(lsblk -n -r -o NAME "$1" | wc -l)" -eq 1 ] &&
    [ -z "$(lsblk -n -r -o MOUNTPOINT "$1")" ] &&
    [ -z "$(wipefs --no-act "$1" 2>&1)" ] &&
    cmp -s -n "$size" "$1" /dev/zero
}

only_blank_disk() {
  found=
  for disk in $(lsblk -d -n -p -r -o NAME,TYPE,RO | awk '$2 == "disk" && $3 == 0 { print $1 }'); do
    is_blank "$disk" || continue
    [ -z "$found" ] || die "two disks are blank, $found and $disk: which one is for bricks?"
    found=$disk
  done
  [ -n "$found" ] || die 'no disk is blank: nothing is formatted'
  echo "$found"
}

install_xfs() {
  if command -v mkfs.xfs >/dev/null; then
    return
  elif command -v apt-get >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends install xfsprogs >/dev/null
  else
    dnf -y install xfsprogs
  fi
}

data_disk() {
  if ! awk '$1 !~ /^#/ && $2 == "/data"' /etc/fstab | grep -q .; then
    install_xfs
    disk=$(only_blank_disk)
    mkfs.xfs -q -L bricks "$disk"
    uuid=$(blkid -p -s UUID -o value "$disk")
    mkdir -p /data
    echo "UUID=$uuid /data xfs defaults,noatime 0 0" >>/etc/fstab
    systemctl daemon-reload
  fi
  findmnt -n -M /data || {
    # its name by UUID is made by udev, a moment after the file system
    udevadm settle
    mount /data
    findmnt -n -M /data
  }
}

let_in "$1"
data_disk
