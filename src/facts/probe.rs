//! The one script that asks a node everything.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::facts::answers::part_key;
use crate::facts::{Answers, HostFacts, NodeLook, host};
use crate::model::shell;

/// One question: a shell fragment and the key under which its answer is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Unique within a probe, without spaces: `glusterfs.pool`.
    pub key: String,
    /// POSIX sh; must not change the node. Its standard output and exit code are the answer.
    pub script: String,
    /// What it has in common with others, and is run once, before all sections: it leaves variables and functions.
    pub shared: Option<String>,
}

impl Section {
    /// A section of `key` with `script`.
    pub fn new(key: &str, script: impl Into<String>) -> Self {
        Self { key: key.to_owned(), script: script.into(), shared: None }
    }

    /// The same, about one of several things of a service (a volume) of which the others are asked the same.
    #[must_use]
    pub fn of(self, part: &str) -> Self {
        Self { key: part_key(&self.key, part), ..self }
    }

    /// The same, after what it shares with others.
    #[must_use]
    pub fn after(self, shared: &str) -> Self {
        Self { shared: Some(shared.to_owned()), ..self }
    }
}

/// Exit code of a section that was not asked: what it wants to ask does not run, or asking would change the node.
pub const NOT_ASKED: i32 = 99;

/// The questions for a node. The sections run side by side on the node, so that slow ones (a gluster command
/// costs 0.1 s) overlap; each writes to a file of its own in a folder under `/run`, which is gone at the end.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// The questions, the host's own first.
    pub sections: Vec<Section>,
}

impl Probe {
    /// The host's own questions, and the ones given. `names` are to be resolved on the node.
    pub fn new(names: &[&str], sections: Vec<Section>) -> Self {
        let mut all = host::sections(names);
        all.extend(sections);
        Self { sections: all }
    }

    /// The script, framed by `mark`: a word that no answer contains.
    pub fn script(&self, mark: &str) -> String {
        let mut script = format!("{PROLOGUE}mark={mark}\n{ANSWER}");
        let shared: BTreeSet<_> = self.sections.iter().filter_map(|section| section.shared.as_deref()).collect();
        for shared in shared {
            script.extend([shared, "\n"]);
        }
        for (at, section) in self.sections.iter().enumerate() {
            let _ = write!(
                script,
                "(\n{}\n) >\"$out/{at}.2\" 2>\"$out/{at}.err\" &\np{at}=$!\n",
                section.script.trim_end()
            );
        }
        for (at, section) in self.sections.iter().enumerate() {
            let _ = writeln!(script, "wait \"$p{at}\"\nanswer {at} {} $?", shell::quote(&section.key));
        }
        script.push_str("cat \"$out\"/*.[123]\n");
        let _ = writeln!(script, "printf '%s\\n' {mark}.end");
        script
    }

    /// Reads what the script printed.
    pub fn read(&self, mark: &str, output: &str) -> Result<NodeLook, String> {
        let answers = Answers::read(mark, output)?;
        if let Some(missing) = self.sections.iter().find(|section| answers.get(&section.key).is_none()) {
            return Err(format!("the probe gave no answer for `{}`", missing.key));
        }
        Ok(NodeLook { host: HostFacts::read(&answers)?, answers })
    }
}

// `set -u` only: a section's failure is its answer, not the probe's.
const PROLOGUE: &str = r#"set -u
exec </dev/null
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH
umask 077
out=$(mktemp -d /run/bricklayer.XXXXXX 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 129' HUP INT TERM
"#;

// What stands before and after the answer to section $1. A process for each of these would cost a node more than most
// answers do; here only an answer with an error takes one.
const ANSWER: &str = r#"answer() {
  printf '%s %s %s\n' "$mark" "$2" "$3" >"$out/$1.1"
  { printf '\n%s.err\n' "$mark"; [ ! -s "$out/$1.err" ] || tail -n 5 "$out/$1.err"; echo; } >"$out/$1.3"
}
"#;
