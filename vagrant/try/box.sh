# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016 # `root` and `here` are try.sh's; what is quoted is for other shells
# What the trial is made of, from the machine's own Debian sources: a folder of tools (Vagrant, libvirt, qemu), so that
# nothing of it is installed on the machine, and a Debian 12 box with an offline package repository.

# ipxe-qemu has the boot ROM of a virtual network card, without which qemu does not start.
TOOLS=(
  vagrant vagrant-libvirt libvirt-daemon libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients
  dnsmasq-base iptables qemu-system-x86 qemu-utils seabios ipxe-qemu dbus iproute2 openssh-client
  syslinux syslinux-common mtools dosfstools fdisk e2fsprogs
)
BOX_PACKAGES=(
  linux-image-cloud-amd64 systemd systemd-sysv udev dbus libpam-systemd openssh-server sudo iproute2 procps
)
BOX_REPO=(glusterfs-server xfsprogs)

make_tools() {
  ! made tools "${TOOLS[*]}" || return 0
  [[ $(dpkg --print-architecture) == amd64 ]] || die 'the box is made for amd64 only'
  need mmdebstrap:mmdebstrap apt-ftparchive:apt-utils unshare:util-linux ssh:openssh-client pgrep:procps
  say 'collecting the tools: Vagrant, libvirt, qemu'
  sources_for bookworm > "$root/sources.list"
  rm -rf "$root"/{new-tools,tools}
  quietly tools unshare --mount --propagation private mmdebstrap --variant=minbase \
    --include="$(IFS=, && echo "${TOOLS[*]}")" bookworm "$root/new-tools" "$root/sources.list"
  mv -T "$root/new-tools" "$root/tools"
  echo "${TOOLS[*]}" > "$root/tools.recipe"
}

make_box() {
  local new=$root/new-box recipe
  recipe=$(cat "$here"/try/{box,setup,image}.sh | sha256sum)
  ! made box "$recipe" || return 0
  say 'making the box: Debian 12, an offline repository in it'
  rm -rf "$new" "$root/box"
  mkdir -p "$new/repo"
  sources_for bookworm > "$root/sources.list"
  # every box lets Vagrant's published key in, and Vagrant replaces it
  cp "$root"/tools/usr/share/rubygems-integration/all/gems/vagrant-*/keys/vagrant.pub "$new/"
  # the host's apt fetches the repository's packages, while mmdebstrap has it look at the new root
  NEW=$new quietly box unshare --mount --propagation private mmdebstrap --variant=minbase \
    --include="$(IFS=, && echo "${BOX_PACKAGES[*]}")" \
    --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb' \
    --customize-hook="APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG apt-get install -y --download-only ${BOX_REPO[*]}" \
    --customize-hook='mv "$1"/var/cache/apt/archives/*.deb "$NEW/repo/"' \
    --customize-hook="$here/try/setup.sh" \
    bookworm "$new/root" "$root/sources.list"
  index_repo "$new/repo"
  mkdir -p "$new/root/srv/repo"
  mv "$new"/repo/* "$new/root/srv/repo/"
  quietly image unshare --mount --propagation private sh -euc '
    mount --bind "$2" "$1/mnt"
    mount -t proc proc "$1/proc" # syslinux writes through it
    cp "$3" "$2/"
    exec chroot "$1" /bin/bash /mnt/image.sh' sh "$root/tools" "$new" "$here/try/image.sh"
  rm -rf "$new/root" "$new/repo"
  mv -T "$new" "$root/box"
  echo "$recipe" > "$root/box.recipe"
}

# made NAME RECIPE: it is there, and was made like this
made() { [[ -d $root/$1 && $(cat "$root/$1.recipe" 2>/dev/null) == "$2" ]]; }

# quietly NAME COMMAND..: what it says is shown only when it fails
quietly() {
  local log=$root/$1.log
  shift
  "$@" > "$log" 2>&1 < /dev/null || die "failed, the end of $log: $(tail -n 20 "$log")"
}
