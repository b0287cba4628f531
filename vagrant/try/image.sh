#!/bin/bash
# Makes /mnt/lab.box of the files in /mnt/root: called inside the folder of tools, see box.sh. Without loop devices:
# a FAT partition with syslinux and the kernel, and an ext4 one with all files, each written where it belongs.
set -euo pipefail
cd /mnt
PATH=$PATH:/usr/sbin:/sbin
mib=$((1024 * 1024))
boot_at=1 boot_size=64 root_at=65 disk_size=4096 # MiB

truncate -s "${disk_size}M" disk.raw
sfdisk -q disk.raw <<END
label: dos
start=${boot_at}MiB, size=${boot_size}MiB, type=c, bootable
start=${root_at}MiB, type=83
END

truncate -s "${boot_size}M" boot.fat
mkfs.vfat -F 16 -n BOOT boot.fat
mcopy -i boot.fat root/boot/vmlinuz-* ::vmlinuz
mcopy -i boot.fat root/boot/initrd.img-* ::initrd.img
mcopy -i boot.fat - ::syslinux.cfg <<'END'
DEFAULT linux
PROMPT 0
TIMEOUT 1
LABEL linux
 LINUX vmlinuz
 INITRD initrd.img
 APPEND root=LABEL=root ro console=ttyS0 net.ifnames=0 mitigations=off quiet
END
syslinux --install boot.fat
dd if=boot.fat of=disk.raw bs=$mib seek=$boot_at conv=notrunc status=none
dd if=/usr/lib/syslinux/mbr/mbr.bin of=disk.raw conv=notrunc status=none
mke2fs -q -F -t ext4 -L root -E "offset=$((root_at * mib))" -d root disk.raw "$((disk_size - root_at - 1))M"

qemu-img convert -O qcow2 -c disk.raw box.img
echo '{"provider": "libvirt", "format": "qcow2", "virtual_size": 4}' >metadata.json
echo 'Vagrant.configure("2") { |config| }' >Vagrantfile
tar -cf lab.box metadata.json Vagrantfile box.img
rm -f disk.raw boot.fat box.img metadata.json Vagrantfile image.sh
