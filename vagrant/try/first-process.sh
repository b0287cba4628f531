#!/bin/bash
# The first process of the room (see room.sh): gives it its files and starts libvirt. $1 is the folder of tools,
# $2 the run's folder.
set -euo pipefail
tools=$1 run=$2 room=$2/room

mkdir -p "$run"/{upper,work} "$room"
mount -t overlay overlay -o "lowerdir=$tools,upperdir=$run/upper,workdir=$run/work" "$room"
mount -t proc proc "$room/proc"
# a new one: it shows the network cards of this network, and no control groups
mount -t sysfs sysfs "$room/sys"
mount --rbind /dev "$room/dev"
mount -t tmpfs -o mode=755 tmpfs "$room/run"
mount -t tmpfs tmpfs "$room/tmp"
# under the same name inside and outside
mkdir -p "$run/lab" "$room$run/lab"
mount --bind "$run/lab" "$room$run/lab"

mkdir -p "$room/run/dbus" "$room/run/libvirt" "$run/lab/home"
cat > "$room/etc/libvirt/qemu.conf" <<'END'
user = "root"
group = "root"
security_driver = "none"
cgroup_controllers = [ ]
remember_owner = 0
namespaces = [ ]
stdio_handler = "file"
END
exec chroot "$room" /bin/bash -euc '
  PATH=/usr/sbin:/usr/bin:/sbin:/bin
  ip link set lo up
  dbus-uuidgen --ensure
  dbus-daemon --system --fork
  libvirtd -d
  # the shell reaps what loses its parent, until the room is closed
  sleep infinity &
  wait'
