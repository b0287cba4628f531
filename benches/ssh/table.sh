#!/bin/bash
# table.sh SAMPLES OWN: what measure.py wrote, and what our programs say of themselves, as tables. A ratio is of one
# round, to the floor and to OpenSSH: they ran right before or after. Medians.
set -euo pipefail
export LC_ALL=C

awk -F '\t' '
  function median(values,    n, v, i, j, t) {
    n = split(values, v, " ")
    for (i = 2; i <= n; i++) {
      t = v[i]
      for (j = i - 1; j > 0 && v[j] + 0 > t + 0; j--) v[j + 1] = v[j]
      v[j + 1] = t
    }
    least = v[1]
    most = v[n]
    return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
  }
  function range(values, shape,    m) {
    m = median(values)
    return sprintf(shape " (" shape "-" shape ")", m, least, most)
  }
  # Of each round in which both have run.
  function ratio(what, part, who, to,    round, all) {
    if (who == to) return ""
    for (round = 1; round <= rounds; round++)
      if (what[part, who, round] > 0 && what[part, to, round] > 0) all = all " " what[part, who, round] / what[part, to, round]
    return all ? sprintf("%.2f", median(all)) : ""
  }
  # part, who, round, hosts, seconds, CPU seconds, KiB, load, code
  {
    key = $1 SUBSEP $2
    if (!(key in seen)) order[++rows] = key
    seen[key] = 1
    if ($3 > rounds) rounds = $3
    load = load " " $8
    if ($9 != 0) { failed[key]++; next }
    walls[key] = walls[key] " " $5
    cpus[key] = cpus[key] " " $6 * 1000 / $4
    memory[key] = memory[key] " " $7 / 1024
    wall[$1, $2, $3] = $5
    cpu[$1, $2, $3] = $6
  }
  END {
    if (!rows) exit
    line = "%-22s %-16s %-24s %-20s %-9s %-9s %-9s %s\n"
    printf line, "part", "who", "CPU ms a host", "wall s", "CPU/floor", "wall/floor", "wall/ssh", "peak MiB"
    for (row = 1; row <= rows; row++) {
      key = order[row]
      split(key, name, SUBSEP)
      fails = key in failed ? " (" failed[key] " failed)" : ""
      if (!(key in walls)) { printf line, name[1], name[2], "failed", "", "", "", "", ""; continue }
      ssh = name[1] ~ /^upload/ ? "openssh_put" : "openssh"
      printf line, name[1], name[2], range(cpus[key], "%.2f") fails, range(walls[key], "%.2f"), ratio(cpu, name[1], name[2], "floor"), \
        ratio(wall, name[1], name[2], "floor"), ratio(wall, name[1], name[2], ssh), sprintf("%.0f", median(memory[key]))
    }
    print "load of the machine before each: " range(load, "%.1f")
  }' "$1"
[[ ! -s $2 ]] || { echo; cat "$2"; }
