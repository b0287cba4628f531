#!/bin/bash
# table.sh SAMPLES: what measure.sh wrote, as a table. A ratio is of one round: both ran right after each other.
set -euo pipefail
export LC_ALL=C

awk -F '\t' '
  function sort(v, n,    i, j, t) {
    for (i = 2; i <= n; i++) {
      t = v[i]
      for (j = i - 1; j > 0 && v[j] + 0 > t + 0; j--) v[j + 1] = v[j]
      v[j + 1] = t
    }
  }
  # With a goal, the median is judged by it.
  function row(what, values, goal,    n, v, middle) {
    n = split(values, v, " ")
    if (n == 0) return
    sort(v, n)
    middle = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
    printf "%-42s %-22s %s\n", what, sprintf("%.2f / %.2f / %.2f", v[1], middle, v[n]),
      goal == "" ? "" : "<= " goal (middle + 0 <= goal + 0 ? "  met" : "  MISSED")
  }
  function ratio(part, other, goal,    r, all) {
    for (r in rounds) if ((part, "bricklayer", r) in wall && (part, other, r) in wall)
      all = all " " wall[part, "bricklayer", r] / wall[part, other, r]
    row(part ": ratio", all, goal)
  }
  {
    rounds[$3]
    wall[$1, $2, $3] = $4
    walls[$1, $2] = walls[$1, $2] " " $4
    cpu[$1, $2] = cpu[$1, $2] " " $5
    memory[$2] = memory[$2] " " $6 / 1024
    load = load " " $7
  }
  END {
    printf "%-42s %-22s %s\n", "", "min / median / max", "goal"
    row("fresh: bricklayer, s", walls["fresh", "bricklayer"])
    row("fresh: by hand, s", walls["fresh", "by_hand"])
    ratio("fresh", "by_hand", 1.10)
    row("installed: bricklayer, s", walls["installed", "bricklayer"])
    row("installed: by hand, s", walls["installed", "by_hand"])
    ratio("installed", "by_hand", 1.15)
    row("again: bricklayer, s", walls["again", "bricklayer"], 0.6)
    row("again: Ansible, s", walls["again", "ansible"])
    ratio("again", "ansible", 0.1)
    row("fresh: CPU of bricklayer, s", cpu["fresh", "bricklayer"])
    row("fresh: CPU of ssh by hand, s", cpu["fresh", "by_hand"])
    row("again: CPU of bricklayer, s", cpu["again", "bricklayer"])
    row("again: CPU of Ansible, s", cpu["again", "ansible"])
    row("resident set of bricklayer, MiB", memory["bricklayer"], 40)
    row("resident set of Ansible (one process), MiB", memory["ansible"])
    row("load of the machine before", load)
  }' "$1"
