#!/bin/sh
# Makes a Vagrant box of a fresh Debian root file system ($1): called by mmdebstrap, see box.sh.
set -eu
root=$1

chroot "$root" useradd -m -s /bin/bash vagrant
echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
chmod 440 "$root/etc/sudoers.d/vagrant"
install -d -m 700 "$root/home/vagrant/.ssh"
install -m 600 "$NEW/vagrant.pub" "$root/home/vagrant/.ssh/authorized_keys"
chroot "$root" chown -R vagrant: /home/vagrant/.ssh

# As Debian's installer leaves it: the own name on 127.0.1.1. No name server: questions fail at once.
echo debian12 >"$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 debian12\n' >"$root/etc/hosts"
: >"$root/etc/resolv.conf"
echo 'LABEL=root / ext4 defaults,noatime 0 1' >"$root/etc/fstab"

# eth0 is Vagrant's own network; it configures the others.
printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n' >"$root/etc/systemd/network/80-eth0.network"
chroot "$root" systemctl enable systemd-networkd ssh
echo 'UseDNS no' >"$root/etc/ssh/sshd_config.d/box.conf"

# Each machine makes its own identity at its first boot.
: >"$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_*
mkdir -p "$root/etc/systemd/system/ssh.service.d"
cat >"$root/etc/systemd/system/ssh.service.d/keys.conf" <<'END'
[Service]
ExecStartPre=
ExecStartPre=/usr/bin/ssh-keygen -A
ExecStartPre=/usr/sbin/sshd -t
END

# The repository in the box is the only source of packages.
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
echo 'deb [trusted=yes] file:/srv/repo ./' >"$root/etc/apt/sources.list"

# What costs an emulated processor minutes at boot.
chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service fstrim.timer getty@tty1.service
sed -i 's/^MODULES=.*/MODULES=list/' "$root/etc/initramfs-tools/initramfs.conf"
printf '%s\n' virtio_pci virtio_blk virtio_scsi sd_mod ext4 >>"$root/etc/initramfs-tools/modules"
chroot "$root" update-initramfs -u -k all
# the machine boots from a copy of this one, so a newer one would be made for nothing
echo 'update_initramfs=no' >"$root/etc/initramfs-tools/update-initramfs.conf"
