#!/bin/sh
# Makes a lab node of a fresh Debian root file system; runs inside it, once for each image.
# From outside: LAB_KEY, the public key that may log in; LAB_HOSTS, the text of /etc/hosts.
set -eu

# what would wake up in the middle of a test
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  e2scrub_reap.service fstrim.timer console-getty.service

# root logs in by key; `admin` has sudo without, `pw` with a password (which is `pw`). Not a group `admin`:
# sudo leaves a note in the home of its members, and a dry run would not have changed "nothing"
useradd -m -s /bin/bash -g users admin
useradd -m -s /bin/bash pw
echo 'pw:pw' | chpasswd
echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
echo 'pw ALL=(ALL) ALL' > /etc/sudoers.d/pw
chmod 440 /etc/sudoers.d/admin /etc/sudoers.d/pw
for user in root admin pw; do
  home=$(getent passwd "$user" | cut -d: -f6)
  install -d -m 700 -o "$user" -g "$(id -gn "$user")" "$home/.ssh"
  echo "$LAB_KEY" > "$home/.ssh/authorized_keys"
  chown "$user:" "$home/.ssh/authorized_keys"
  chmod 600 "$home/.ssh/authorized_keys"
done

echo "$LAB_HOSTS" > /etc/hosts
echo '# no name server: questions fail at once instead of hanging' > /etc/resolv.conf
mkdir -p /srv/lab-repo /data

# the repository is the only source
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/* /var/cache/apt/*.bin
echo 'deb [trusted=yes] file:/srv/lab-repo ./' > /etc/apt/sources.list

# what each node must have of its own
rm -f /etc/ssh/ssh_host_* /etc/hostname
: > /etc/machine-id
