#!/bin/sh
# Gives a lab node, after setup.sh, the looks of a Red Hat one; runs inside it, once.
set -eu

cat > /usr/lib/os-release <<'EOF'
NAME="Rocky Linux"
VERSION="9 (imitation)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9"
PLATFORM_ID="platform:el9"
PRETTY_NAME="imitation of Rocky Linux 9 (Debian base + dnf)"
EOF
echo 'imitation of Rocky Linux release 9 (Debian base + dnf)' > /etc/redhat-release
mkdir -p /etc/dnf/vars /etc/yum.repos.d
echo 9 > /etc/dnf/vars/releasever
cat > /etc/yum.repos.d/lab.repo <<'EOF'
[lab]
name=the lab's own packages
baseurl=file:///srv/lab-repo
enabled=1
gpgcheck=0
EOF
# Debian's rpm keeps the database in the caller's home, a real one has one for all
mkdir -p /etc/rpm
echo '%_dbpath /var/lib/rpm' > /etc/rpm/macros
[ -e /usr/bin/yum ] || ln -s dnf-3 /usr/bin/yum
dnf install -y lab-base
dnf clean all
systemctl mask dnf-makecache.timer

# nobody shall take this for Debian because a tool of its lies around
away=/usr/lib/debian-underneath
mkdir -p "$away"
mv /usr/bin/apt* /usr/bin/dpkg* /etc/debian_version "$away/"
rm -rf /etc/apt
