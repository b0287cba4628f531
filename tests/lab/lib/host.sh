# shellcheck shell=bash
# What the lab takes from the machine it runs on: packages, and where packages come from.

# command:package, for the commands that tell whether a package is there
NEEDS=(
  mmdebstrap:mmdebstrap systemd-nspawn:systemd-container ip:iproute2 ssh:openssh-client
  apt-ftparchive:apt-utils mkfs.xfs:xfsprogs mkfs.ext4:e2fsprogs losetup:mount unshare:util-linux
)
# only for making the rhel image
NEEDS_RHEL=(rpmbuild:rpm createrepo_c:createrepo-c)

cmd_need() {
  check_root
  need "${NEEDS[@]}" "${NEEDS_RHEL[@]}"
  [[ -c /dev/fuse ]] || modprobe fuse || die "no /dev/fuse: nodes cannot mount a volume here"
}

need() {
  local item packages=()
  for item in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${item%%:*}" > /dev/null || packages+=("${item#*:}")
  done
  ((${#packages[@]})) || return 0
  say "installing ${packages[*]}"
  apt_get update
  apt_get install -y --no-install-recommends "${packages[@]}"
}

# apt waits for another apt instead of failing, and talks only when something went wrong.
apt_get() {
  local out
  out=$(DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o APT::Update::Error-Mode=any "$@" 2>&1 < /dev/null) ||
    die "apt-get $*: $out"
}

# apt sources for SUITE: the machine's own Debian sources (or those in the file LAB_SOURCES) with the suite
# replaced. Asking apt, instead of reading its files, understands both their formats and leaves out what is
# not Debian's.
sources_for() {
  local suite=$1 lines
  if [[ -n ${LAB_SOURCES-} ]]; then
    lines=$(sed -nE 's/^deb (\[[^]]*\] )?//p' "$LAB_SOURCES") || die "cannot read LAB_SOURCES ($LAB_SOURCES)"
  else
    # shellcheck disable=SC2016 # apt fills these in
    lines=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
      sed -n 's/ Debian$//p' | grep ' main$' | sort -u) || true
  fi
  lines=$(sed -nE "s#^([^ ]+) [a-z]+(-updates|-security)? (main.*)#deb \1 $suite\2 \3#p" <<< "$lines" | sort -u)
  [[ -n $lines ]] || die "this machine has no usable Debian apt sources (has \`apt-get update\` run?):" \
    "name a file with lines such as \`deb URI $suite main\` in LAB_SOURCES"
  echo "$lines"
}
