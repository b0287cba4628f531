//! One POSIX sh program for each step, run by one exec.

use std::fmt::Write as _;
use std::time::Duration;

use super::render::{Kind, RenderedFile, RenderedStep};
use super::write;
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
            Kind::Script => self.change(&mut program),
            Kind::File(file) => self.write(&mut program, file),
            Kind::Wait(every) => self.wait(&mut program, *every),
        }
        program
    }

    fn change(&self, program: &mut String) {
        if let Some(unless) = &self.unless {
            assign(program, "unless", unless);
            program.push_str("bl_run \"$bl_unless\" >/dev/null 2>&1; bl_code=$?\n");
            program.push_str("[ \"$bl_code\" -ne 0 ] || bl_end unchanged\n");
        }
        part(program, "script", &self.script);
        part(program, "verify", self.verify.as_deref().unwrap_or("true"));
        program.push_str("bl_end changed\n");
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
