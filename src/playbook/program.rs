//! One POSIX sh program for each step, run by one exec.

use std::fmt::Write as _;
use std::time::Duration;

use super::render::{Kind, RenderedStep};
use super::write::{self, RenderedFile};
use crate::model::shell::quote;

/// The log on the node, where the manual of the old scripts has it, and what is written there of this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLog {
    /// `/var/log/cluster_storage_setup.log`.
    pub path: String,
    /// Name of the run.
    pub run: String,
    /// Who runs it, as `user@workstation`.
    pub who: String,
}

impl RenderedStep {
    /// The whole step as one program. It prints lines that begin with `mark`, a word that no output contains, and
    /// [`super::read_end`] reads them. It ends with 0, or with 1 where a part failed, and adds a line to the node's
    /// log; a log that cannot be written is no failure.
    pub fn program(&self, mark: &str, log: &NodeLog) -> String {
        let mut program = String::from(PROLOGUE);
        let step = format!("{}/{}", self.playbook, self.id);
        for (name, text) in [
            ("mark", mark),
            ("log", &log.path),
            ("about", &one_line(&format!("run={} by={} {step}", log.run, log.who))),
            ("lib", &self.lib),
        ] {
            assign(&mut program, name, text);
        }
        program.push_str(FUNCTIONS);
        match &self.kind {
            Kind::Script => self.change(&mut program, Self::at_once),
            Kind::Job => {
                assign(&mut program, "unit", &self.unit());
                program.push_str("bl_runs() { systemctl is-active -q \"$bl_unit\"; }\n");
                self.change(&mut program, Self::as_unit);
            }
            Kind::File(file) => self.write(&mut program, file),
            Kind::Wait(every) => self.wait(&mut program, *every),
        }
        program
    }

    fn change(&self, program: &mut String, how: fn(&Self, &mut String)) {
        if let Some(unless) = &self.unless {
            assign(program, "unless", unless);
            program.push_str("bl_run \"$bl_unless\" >/dev/null 2>&1; bl_code=$?\n");
            // While a job runs, it may look done before it is.
            let runs = if self.kind == Kind::Job { " || bl_runs" } else { "" };
            let _ = writeln!(program, "[ \"$bl_code\" -ne 0 ]{runs} || bl_end unchanged");
        }
        how(self, program);
        part(program, "verify", self.verify.as_deref().unwrap_or("true"));
        program.push_str("bl_end changed\n");
    }

    fn at_once(&self, program: &mut String) {
        part(program, "script", &self.script);
    }

    fn as_unit(&self, program: &mut String) {
        assign(program, "unit", &self.unit());
        assign(
            program,
            "job",
            &format!("{PROLOGUE}HOME=${{HOME:-/root}}; export HOME\nset -e\n{}\n{}", self.lib, self.script),
        );
        let _ = write!(program, "bl_seconds={}\n{JOB}", on_node(self.timeout).as_secs());
    }

    /// The systemd unit of a job. The same step has the same one in every run.
    pub fn unit(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' };
        format!("bricklayer-{}-{}", self.playbook, self.id).chars().map(plain).collect()
    }

    fn write(&self, program: &mut String, file: &RenderedFile) {
        let verify = self.verify.as_deref().unwrap_or("true");
        assign(program, "same", &write::same(file));
        assign(program, "verify", verify);
        // `verify` belongs to it: a run that was cut before `after` did its work wrote the file all the same.
        program.push_str(UNCHANGED_FILE);
        part(program, "script", &self.script);
        if let Some(after) = &file.after {
            part(program, "after", after);
        }
        part(program, "verify", &format!("{}\n{verify}", write::same(file)));
        program.push_str("bl_end changed\n");
    }

    fn wait(&self, program: &mut String, every: Duration) {
        assign(program, "wait", &self.script);
        let seconds = on_node(self.timeout).as_secs();
        let pause = every.as_secs_f64();
        // Some `sleep`s know whole seconds only.
        let _ = write!(program, "bl_seconds={seconds} bl_pause={pause}\n{WAIT}");
    }
}

// When a wait gives up: before the connection does, so that it can say what it has last seen.
fn on_node(timeout: Duration) -> Duration {
    let margin = (timeout / 10).clamp(Duration::from_secs(1), Duration::from_secs(5));
    timeout.saturating_sub(margin)
}

fn assign(program: &mut String, name: &str, text: &str) {
    let _ = writeln!(program, "bl_{name}={}", quote(text));
}

// The text travels as one quoted word and is read by `eval`, so that a mistake in it (a quote or parenthesis that is
// never closed) stays its own. Nothing follows in `||` or `if`: there `set -e` would not hold.
fn part(program: &mut String, name: &str, text: &str) {
    assign(program, "part", text);
    let _ = writeln!(program, "bl_run \"$bl_part\"; bl_code=$?");
    let _ = writeln!(program, "[ \"$bl_code\" -eq 0 ] || bl_end failed {name} \"$bl_code\"");
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

const PROLOGUE: &str = r"set -u
LC_ALL=C; export LC_ALL
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin; export PATH
umask 022
";

const FUNCTIONS: &str = r#"bl_run() (
set -eu
eval "$bl_lib"
eval "$1"
)
bl_end() {
  ( umask 027; printf '%s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$bl_about" "$*" >>"$bl_log" ) 2>/dev/null || :
  printf '\n%s %s\n' "$bl_mark" "$*"
  [ "$1" != failed ] || exit 1
  exit 0
}
"#;

const UNCHANGED_FILE: &str = r#"bl_run "$bl_same" >/dev/null 2>&1; bl_code=$?
if [ "$bl_code" -eq 0 ]; then
  bl_run "$bl_verify" >/dev/null 2>&1; bl_code=$?
  [ "$bl_code" -ne 0 ] || bl_end unchanged
fi
"#;

// What it prints and its code stay in /run until the next time: somebody else may follow it too. The code is written
// down last: without it, the job was killed. Whether it still runs is asked before its output is read,
// so that none is missed; seldom of systemd, and its output is read once a second: both cost the node more than to wait does.
// 124: it goes on, and we do not look any longer.
const JOB: &str = r#"bl_dir=/run/bricklayer bl_at=0 bl_tick=0
bl_now() { read -r bl_up bl_idle </proc/uptime; echo "${bl_up%.*}"; }
bl_until=$(($(bl_now) + bl_seconds))
( umask 077; mkdir -p "$bl_dir" ) || bl_end failed job 1
bl_file=$bl_dir/$bl_unit
if bl_runs; then
  echo "it runs already, as $bl_unit, and is followed from here"
else
  rm -f "$bl_file".*
  # In files: systemd would expand a `$` in an argument.
  ( umask 077
    printf '%s\n' "$bl_job" >"$bl_file.sh" && : >"$bl_file.log" &&
    echo "/bin/sh $bl_file.sh >$bl_file.log 2>&1 </dev/null; echo \$? >$bl_file.part; mv $bl_file.part $bl_file.code" >"$bl_file.run"
  ) || bl_end failed job 1
  systemctl reset-failed "$bl_unit" 2>/dev/null
  systemd-run -q --collect --unit="$bl_unit" --description="a step of bricklayer" /bin/sh "$bl_file.run"; bl_code=$?
  [ "$bl_code" -eq 0 ] || bl_end failed job "$bl_code"
fi
while :; do
  bl_more=1
  if [ -e "$bl_file.code" ] || { [ "$((bl_tick % 10))" -eq 0 ] && ! bl_runs; }; then bl_more=; fi
  if [ -z "$bl_more" ] || [ "$((bl_tick % 5))" -eq 0 ]; then
    bl_size=$(wc -c <"$bl_file.log") || break
    if [ "$bl_size" -gt "$bl_at" ]; then
      tail -c "+$((bl_at + 1))" "$bl_file.log" | head -c "$((bl_size - bl_at))"
      bl_at=$bl_size
    fi
    [ -n "$bl_more" ] || break
    if [ "$(bl_now)" -ge "$bl_until" ]; then
      echo "it still runs, as the unit $bl_unit" >&2
      bl_end failed job 124
    fi
  fi
  bl_tick=$((bl_tick + 1))
  sleep 0.2 || sleep 1
done
# Its unit ends a moment after it has written down its code; while it is there, it is taken for one that runs.
bl_tick=0
while bl_runs && [ "$bl_tick" -lt 100 ]; do
  bl_tick=$((bl_tick + 1))
  sleep 0.05 || sleep 1
done
bl_code=$(cat "$bl_file.code" 2>/dev/null)
if [ -z "$bl_code" ]; then
  echo "the unit $bl_unit was ended before it was done; see: journalctl -u $bl_unit" >&2
  bl_end failed job 143
fi
if [ "$bl_code" -ne 0 ]; then
  tail -n 20 "$bl_file.log" >&2
  bl_end failed job "$bl_code"
fi
"#;

// 99: it cannot come about as things are, so there is nothing to wait for.
// /proc/uptime and not the clock, which may be set meanwhile.
const WAIT: &str = r#"bl_now() { read -r bl_up bl_idle </proc/uptime; echo "${bl_up%.*}"; }
bl_until=$(($(bl_now) + bl_seconds))
bl_seen=
while :; do
  bl_out=$(bl_run "$bl_wait" 2>&1); bl_code=$?
  [ "$bl_code" -ne 0 ] || bl_end passed
  if [ "$bl_out" != "$bl_seen" ]; then
    printf '%s\n' "$bl_out"
    bl_seen=$bl_out
  fi
  if [ "$bl_code" -eq 99 ]; then
    printf '%s\n' "$bl_seen" >&2
    bl_end failed wait 99
  fi
  if [ "$(bl_now)" -ge "$bl_until" ]; then
    printf 'timed out waiting after %s seconds; last seen: %s\n' "$bl_seconds" "${bl_seen:-nothing}" >&2
    bl_end failed wait 124
  fi
  sleep "$bl_pause" || sleep 1
done
"#;
