# shellcheck shell=bash
# Images: root file systems that nodes use as the read-only floor of an overlay, and an offline package
# repository for each. IMAGE-gluster is a second layer above IMAGE.
# A new image: its name in IMAGE_NAMES, its suite in `image_suite`, what is special about it in `build_base`.

# shellcheck disable=SC2034 # for `lab clean`
IMAGE_NAMES=(debian12 debian13 rhel)
BASE_PACKAGES=(
  systemd systemd-sysv dbus udev openssh-server sudo iproute2 iputils-ping procps attr xfsprogs
  ca-certificates python3-minimal
)
# with all they depend on in the nodes' repository; more at image time: LAB_EXTRA_PACKAGES="mariadb-server .."
REPO_PACKAGES=(glusterfs-server ufw firewalld netbase nftables chrony)
RHEL_PACKAGES=(dnf rpm python3-dnf netbase)
RHEL_REPO_PACKAGES=(glusterfs-server firewalld)

image_suite() {
  case $1 in
    debian12 | rhel) echo bookworm ;;
    debian13) echo trixie ;;
    *) return 1 ;;
  esac
}

image_base() { echo "${1%-gluster}"; }
image_repo() { echo "$IMAGES/$(image_base "$1")/repo"; }

# The overlay's lower layers, topmost first.
image_layers() {
  local base
  base=$(image_base "$1")
  if [[ $1 == "$base" ]]; then echo "$IMAGES/$1/root"; else echo "$IMAGES/$1/root:$IMAGES/$base/root"; fi
}

cmd_image() {
  check_root
  image_suite "$(image_base "$1")" > /dev/null || usage "no image \`$1\`: debian12, debian13 or rhel, each also with -gluster"
  image_ensure "$1"
}

# What an image is made by, in one number.
recipe() { cat "$LAB_DIR"/lib/{image,rhel}.sh "$LAB_DIR"/image/*.sh | sha256sum; }

image_ensure() {
  if [[ -d $IMAGES/$1 ]]; then
    [[ $(recipe) == "$(cat "$IMAGES/$1/recipe" 2>/dev/null)" ]] || say "image $1 is older than its recipe (\`lab clean\` for a new one)"
    return
  fi
  [[ $1 == "$(image_base "$1")" ]] || image_ensure "$(image_base "$1")"
  need "${NEEDS[@]}"
  [[ $1 != rhel* ]] || need "${NEEDS_RHEL[@]}"
  key_ensure
  (
    lock "$LAB_ROOT/locks/image-$1"
    [[ ! -d $IMAGES/$1 ]] || exit 0 # made by the one we waited for
    image_build "$1"
  )
}

# Only whole images get their name. The builder runs in a mount namespace of its own, so that even a killed one
# leaves no mount behind, and in a group that `lab clean` ends.
image_build() {
  local image=$1 new=$IMAGES/.new-$1 log=$IMAGES/$1.log began=$SECONDS group built=1
  say "building image $image"
  mkdir -p "$IMAGES"
  rm -rf "$new"
  mkdir "$new"
  group=$(image_cgroup "$image")
  (
    cgroup_enter "$group"
    exec unshare --mount --propagation private "$LAB_DIR/lib/build-image" "$image" "$new"
  ) > "$log" 2>&1 || built=0
  cgroup_remove "$group"
  ((built)) || die "image $image failed, the end of $log: $(tail -n 15 "$log")"
  recipe > "$new/recipe"
  sync -f "$new" # the name must not reach the disk before what it names
  mv -T "$new" "$IMAGES/$image"
  say "image $image built in $((SECONDS - began)) s"
}

build_base() {
  local image=$1 new=$2 packages=("${BASE_PACKAGES[@]}") suite
  local wanted=("${REPO_PACKAGES[@]}")
  read -ra extra <<< "${LAB_EXTRA_PACKAGES-}"
  if [[ $image == rhel ]]; then
    packages+=("${RHEL_PACKAGES[@]}")
    wanted=("${RHEL_REPO_PACKAGES[@]}")
  fi
  suite=$(image_suite "$image")
  sources_for "$suite" > "$new/sources.list"
  mkdir -p "$new/repo"
  # the host's apt fetches the repository's packages, while mmdebstrap has it look at the new root
  mmdebstrap --variant=minbase --include="$(IFS=, && echo "${packages[*]}")" \
    --customize-hook="rm -f \"\$1\"/var/cache/apt/archives/*.deb" \
    --customize-hook="APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG apt-get install -y --no-install-recommends --download-only ${wanted[*]} ${extra[*]}" \
    --customize-hook="mv \"\$1\"/var/cache/apt/archives/*.deb '$new/repo/'" \
    "$suite" "$new/root" "$new/sources.list"
  cp "$LAB_DIR/image/setup.sh" "$new/root/setup.sh"
  in_root "$new/root" --setenv=LAB_KEY="$(cat "$KEY.pub")" --setenv=LAB_HOSTS="$(hosts_file)" /bin/sh /setup.sh
  rm "$new/root/setup.sh"
  if [[ $image == rhel ]]; then build_rhel "$new"; else index_repo "$new/repo"; fi
}

build_gluster() {
  local image=$1 new=$2 base
  base=$(image_base "$image")
  mkdir -p "$new"/{root,work,mnt}
  mount -t overlay overlay -o "lowerdir=$IMAGES/$base/root,upperdir=$new/root,workdir=$new/work" "$new/mnt"
  in_root "$new/mnt" --bind-ro="$IMAGES/$base/repo:/srv/lab-repo" /bin/sh -euc '
    if command -v dnf; then
      dnf install -y glusterfs-server && dnf clean all
    else
      apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y glusterfs-server
      apt-get clean && rm -rf /var/lib/apt/lists/*
    fi'
  umount "$new/mnt"
  rm -rf "${new:?}/work" "${new:?}/mnt"
}

index_repo() {
  (
    cd "$1" || exit
    apt-ftparchive packages . > Packages
    apt-ftparchive release . > Release.new
    mv Release.new Release
  )
}

# Run a command in a root file system: no network, nothing left running.
in_root() {
  local root=$1
  shift
  systemd-nspawn -q -D "$root" --register=no --keep-unit --settings=no --private-network --pipe \
    --resolv-conf=off --timezone=off --link-journal=no "$@"
}

# All names a lab can have. Not in it: a node's own name on 127.0.1.1, which Debian's installer puts there and
# which makes gluster and Galera announce the loopback address.
hosts_file() {
  local i
  echo "127.0.0.1 localhost"
  for ((i = 1; i <= MAX_NODES; i++)); do echo "$(node_address "$i") server$i"; done
}
