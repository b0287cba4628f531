#!/bin/sh
# controlmaster.sh CONFIG FOLDER STEPS COMMAND HOST: so many commands over one connection of OpenSSH's.
config=$1 folder=$2 steps=$3 command=$4 host=$5
mux() { ssh -F "$config" -o ControlMaster=auto -o ControlPersist=60 -o "ControlPath=$folder/%C" "$@"; }
while [ "$steps" -gt 0 ]; do
  mux "$host" "$command" || exit
  steps=$((steps - 1))
done
mux -O exit "$host" 2>/dev/null
