# shellcheck shell=bash
# The rhel image: Debian's files under a Red Hat skin. dnf, rpm and the repository are real and really install;
# the packages are repacked from Debian's, because no RPM mirror can be reached where this was made. It tests
# that the right commands are given and their answers understood, not that software runs on a real RHEL.

build_rhel() {
  local new=$1
  mkdir -p "$new/tmp" "$new/rpm"
  repack_all "$new/repo" "$new/rpm" "$new/tmp"
  lab_base_spec > "$new/tmp/lab-base.spec"
  build_rpm "$new/tmp/lab-base.spec" "$new/rpm" "$new/tmp"
  createrepo_c -q "$new/rpm"
  rm -rf "$new/repo" "$new/tmp"
  mv "$new/rpm" "$new/repo"
  cp "$LAB_DIR/image/setup-rhel.sh" "$new/root/setup.sh"
  in_root "$new/root" --bind-ro="$new/repo:/srv/lab-repo" /bin/sh /setup.sh
  rm "$new/root/setup.sh"
}

# What the image has without rpm's knowing, so that dependencies on it are met.
lab_base_spec() {
  cat <<'EOF'
Name: lab-base
Version: 9
Release: 1
Summary: What the node's base image provides outside rpm
License: MIT
BuildArch: noarch
Provides: /bin/sh, /usr/bin/python3, python3, attr, xfsprogs, sudo, openssh-server, system-release = 9, redhat-release = 9
AutoReqProv: no
%description
Provides of the base image.
%files
EOF
}

# Every .deb of a folder becomes an .rpm, two at a time.
repack_all() {
  local debs=$1 rpms=$2 tmp=$3 deb names
  names=$(for deb in "$debs"/*.deb; do dpkg-deb -f "$deb" Package; done)
  for deb in "$debs"/*.deb; do
    while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
    repack "$deb" "$rpms" "$tmp/$(basename "$deb" .deb)" "$names" &
  done
  while (($(jobs -p | wc -l))); do wait -n; done
}

repack() {
  local deb=$1 rpms=$2 work=$3 names=$4
  mkdir -p "$work"
  unpack_merged "$deb" "$work/files"
  spec_of "$deb" "$work/files" "$names" > "$work/it.spec"
  build_rpm "$work/it.spec" "$rpms" "$work"
  rm -rf "$work"
}

# With /lib, /bin and /sbin below /usr, where Red Hat has them, and without what only Debian has.
unpack_merged() {
  local top
  dpkg-deb -x "$1" "$2"
  rm -rf "$2"/usr/share/{doc,man,lintian} "$2"/etc/init.d
  for top in lib bin sbin; do
    [[ -d $2/$top ]] || continue
    mkdir -p "$2/usr/$top"
    cp -a "$2/$top/." "$2/usr/$top/"
    rm -rf "${2:?}/$top"
  done
}

# Some things have another name there.
rpm_name() {
  case $1 in
    glusterfs-client) echo glusterfs-fuse ;;
    *) echo "$1" ;;
  esac
}

# Requires name only packages of the repository: the rest is in the image.
requires_of() {
  dpkg-deb -f "$1" Depends Pre-Depends | sed 's/^[A-Za-z-]*://' | tr ',|' '\n' | sed 's/(.*//; s/:any//; s/ //g' |
    sort -u | while read -r need; do
      [[ -z $need ]] || ! grep -qxF "$need" <<< "$2" || echo "Requires: $(rpm_name "$need")"
    done
}

spec_of() {
  local deb=$1 files=$2 names=$3 name version arch=x86_64
  name=$(dpkg-deb -f "$deb" Package)
  version=$(dpkg-deb -f "$deb" Version | sed 's/^[0-9]*://')
  [[ $(dpkg-deb -f "$deb" Architecture) != all ]] || arch=noarch
  echo "Name: $(rpm_name "$name")"
  echo "Version: $(sed 's/-[^-]*$//; s/-/_/g' <<< "$version")"
  echo "Release: ${version##*-}"
  echo "Summary: $name (the lab's repack of Debian's $version)"
  echo "License: see-package"
  echo "AutoReqProv: no"
  [[ $arch == x86_64 ]] || echo "BuildArch: noarch"
  requires_of "$deb" "$names"
  printf '%%description\nRepacked from Debian for offline dnf tests.\n'
  scripts_of "$name"
  printf '%%install\nmkdir -p %%{buildroot}\ncp -a %s/. %%{buildroot}/\n%%files\n' "$files"
  (
    cd "$files" || exit
    find . -mindepth 1 \( -type f -o -type l \) -printf '"/%P"\n' -o -type d -empty -printf '%%dir "/%P"\n'
  )
}

# Debian's own install scripts are lost; these are the ones that matter here.
scripts_of() {
  case $1 in
    glusterfs-server)
      printf '%%post\nsystemctl daemon-reload > /dev/null 2>&1 || :\n'
      # shellcheck disable=SC2016 # rpm fills it in
      printf '%%preun\n[ $1 -gt 0 ] || systemctl --no-reload disable --now glusterd > /dev/null 2>&1 || :\n'
      ;;
    firewalld)
      # Debian's script asks `update-alternatives` to choose one of two policies
      printf '%%post\ncd /usr/share/polkit-1/actions && ln -sf org.fedoraproject.FirewallD1.server.policy.choice %s\n' \
        org.fedoraproject.FirewallD1.policy
      printf 'systemctl daemon-reload > /dev/null 2>&1 || :\nsystemctl reload dbus > /dev/null 2>&1 || :\n'
      ;;
    polkitd) printf '%%pre\nuseradd -r -d /nonexistent -s /usr/sbin/nologin polkitd 2> /dev/null || :\n' ;;
    lib*) printf '%%post\nldconfig\n' ;;
  esac
}

build_rpm() {
  rpmbuild -bb --quiet --nodeps --define "_topdir $3/top" --define "_rpmdir $2" --define "_dbpath $3/db" \
    --define "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" --define "_binary_payload w1.gzdio" \
    --define "__os_install_post %{nil}" --define "debug_package %{nil}" "$1"
}
