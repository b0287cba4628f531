# shellcheck shell=bash disable=SC2154
# The contenders, one function each: NAME HOSTS STEPS COMMAND. `run.sh` has set where they go: bed, port, forks, and in
# $work/$bed the files config (ssh), hosts, hosts.ini, inventory.py. What is best for speed is set for all of them: one
# connection a host where that can be, the cheapest key exchange, host keys not looked at.

target() { # target HOSTS STEPS COMMAND: the words of our two programs
  printf 'hosts=%s\nsteps=%s\ncommand=%s\nforks=%s\nport=%s\nuser=bench\nkey=%s\n' "$1" "$2" "$3" "$forks" "$port" "$work/key"
}

floor() {
  mapfile -t words < <(target "$@")
  measured floor "$1" "$bin/floor" "${words[@]}" "${more[@]}"
}

# The same with the command (a line) on standard input, for a shell under the login shell that reads it, as ours travels:
# what is left between this and `transport` is not the nodes' work.
floor_script() {
  # shellcheck disable=SC2016
  mapfile -t words < <(target "$1" "$2" "sh -c 'IFS= read -r s;eval \"\$s\"'")
  measured floor_script "$1" "$bin/floor" "${words[@]}" "input=$3"$'\n' "${more[@]}"
}

transport() {
  mapfile -t words < <(target "$@")
  measured transport "$1" "$bin/transport" "${words[@]}" "${more[@]}"
}

# One step only: a command of its own connects anew.
bricklayer() {
  ours bricklayer "$1" -H "$(head -n "$1" "$work/$bed/hosts" | paste -sd,)" -f "$forks" exec -- "$3"
}

ours() { # ours WHO HOSTS WORD..
  local who=$1 hosts=$2
  shift 2
  measured "$who" "$hosts" env HOME="$work/$bed" XDG_STATE_HOME="$work/state" "$bin/bricklayer" \
    --ssh-config "$work/$bed/config" "$@"
}

# Files: NAME HOSTS FILE.

logins() { head -n "$1" "$work/$bed/hosts" | awk '{ print "bench" NR - 1 "@" $0 }'; } # logins HOSTS

bricklayer_put() {
  ours bricklayer_put "$1" -H "$(logins "$1" | paste -sd,)" -f "$forks" put "$2" load
}

openssh_put() {
  logins "$1" >"$work/these"
  # shellcheck disable=SC2016
  measured openssh_put "$1" sh -c 'xargs -a "$1" -P "$2" -I{} sh -c "ssh -F $3 {} \"cat >load\" <$4"' \
    sh "$work/these" "$forks" "$work/$bed/config" "$2"
}

scp_put() {
  logins "$1" >"$work/these"
  measured scp_put "$1" xargs -a "$work/these" -P "$forks" -I{} scp -q -F "$work/$bed/config" "$2" {}:load
}

openssh() {
  # shellcheck disable=SC2016
  measured openssh "$1" sh -c 'head -n "$1" "$2" | xargs -P "$3" -I{} ssh -F "$4" {} "$5"' \
    sh "$1" "$work/$bed/hosts" "$forks" "$work/$bed/config" "$3"
}

controlmaster() {
  local folder
  folder=$(mktemp -d "$work/control.XXXX")
  # shellcheck disable=SC2016
  measured controlmaster "$1" sh -c 'head -n "$1" "$2" | xargs -P "$3" -I{} "$4" "$5" "$6" "$7" "$8" {}' \
    sh "$1" "$work/$bed/hosts" "$forks" "$here/peers/controlmaster.sh" "$work/$bed/config" "$folder" "$2" "$3"
}

clush() {
  local options="-F $work/$bed/config" folder
  if (($2 > 1)); then
    folder=$(mktemp -d "$work/control.XXXX")
    options+=" -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=$folder/%%C"
  fi
  head -n "$1" "$work/$bed/hosts" >"$work/these"
  # shellcheck disable=SC2016
  measured clush "$1" sh -c 'for step in $(seq "$1"); do clush -q -S -f "$2" -o "$3" --hostfile="$4" "$5" || exit; done' \
    sh "$2" "$forks" "$options" "$work/these" "$3"
}

pssh() {
  head -n "$1" "$work/$bed/hosts" >"$work/these"
  measured pssh "$1" parallel-ssh -i -p "$forks" -t 0 -x "-F $work/$bed/config" -h "$work/these" "$3"
}

parallel_ssh() {
  head -n "$1" "$work/$bed/hosts" >"$work/these"
  measured parallel_ssh "$1" "$cache/venv/bin/python" "$here/peers/parallel_ssh.py" \
    "$work/these" "$port" bench "$work/key" "$forks" "$2" "$3"
}

pyinfra() {
  local step
  pyinfra_inventory "$1" >"$work/inventory.py"
  {
    echo 'from pyinfra.operations import server'
    for ((step = 0; step < $2; step++)); do echo "server.shell(name='step $step', commands=['''$3'''])"; done
  } >"$work/deploy.py"
  measured pyinfra "$1" "$cache/venv/bin/pyinfra" -y --parallel "$forks" "$work/inventory.py" "$work/deploy.py"
}

pyinfra_inventory() {
  echo 'hosts = ['
  head -n "$1" "$work/$bed/hosts" | sed "s|.*|    ('&', {'ssh_port': $port, 'ssh_user': 'bench', 'ssh_key': '$work/key', 'ssh_strict_host_key_checking': 'no', 'ssh_known_hosts_file': '/dev/null', 'ssh_allow_agent': False}),|"
  echo ']'
}

ansible_raw() { ansible ansible_raw raw "$@"; }

# On a node without Python this cannot work.
ansible_command() {
  [[ $bed == real ]] || return 0
  ansible ansible_command command "$@"
}

ansible() { # ansible WHO MODULE HOSTS STEPS COMMAND
  local folder step
  folder=$(mktemp -d "$work/control.XXXX")
  : >"$work/ansible.cfg"
  head -n "$3" "$work/$bed/hosts" >"$work/hosts.ini"
  {
    echo '[{"hosts": "all", "gather_facts": false, "tasks": ['
    for ((step = 1; step <= $4; step++)); do
      printf '{"name": "%s", "%s": "%s", "changed_when": false}%s\n' "$step" "$2" "$5" "$( ((step == $4)) || echo ,)"
    done
    echo ']}]'
  } >"$work/play.yml"
  measured "$1" "$3" env HOME="$work/$bed" ANSIBLE_CONFIG="$work/ansible.cfg" ANSIBLE_LOCAL_TEMP="$work/ansible" \
    ANSIBLE_REMOTE_TEMP="$work/remote" ANSIBLE_FORKS="$forks" ANSIBLE_PIPELINING=1 ANSIBLE_STDOUT_CALLBACK=ansible.builtin.oneline \
    ANSIBLE_HOST_KEY_CHECKING=0 ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3 ANSIBLE_SSH_CONTROL_PATH_DIR="$folder" \
    ANSIBLE_SSH_ARGS="-F $work/$bed/config -o ControlMaster=auto -o ControlPersist=60" \
    "$cache/venv/bin/ansible-playbook" -i "$work/hosts.ini" "$work/play.yml"
}

# Where it could not be built it is left out.
bssh() {
  [[ -x $cache/bin/bssh ]] || return 0
  measured bssh "$1" "$cache/bin/bssh" -H "$(head -n "$1" "$work/$bed/hosts" | sed "s/.*/bench@&:$port/" | paste -sd,)" \
    --parallel "$forks" -i "$work/key" --strict-host-key-checking no "$3"
}
