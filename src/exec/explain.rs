//! Errors of the transport as failures: what, evidence, remedy.

use crate::advice;
use crate::events::{Failure, FailureKind};
use crate::model::NodeName;
use crate::transport::{ConnectError, Outcome, RunError};

// Enough for a package manager's or gluster's complaint, little enough for a screen.
const LINES: usize = 15;

/// The last lines of a text.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

pub(super) fn connect(node: &NodeName, error: &ConnectError) -> Failure {
    let remedy = match error {
        ConnectError::Unreachable { .. } => {
            format!(
                "check that {node} is up, and its address and `ssh: port` in the inventory; try `ssh` to it by hand"
            )
        }
        ConnectError::HostKeyChanged { remedy, .. } => {
            format!("if {node} was reinstalled, forget the old key with `{remedy}`; if not, somebody may be in between")
        }
        ConnectError::HostKeyRevoked { .. } => {
            "the key is marked as stolen or lost: give the node a new host key".to_owned()
        }
        ConnectError::HostKeyUnknown { remedy, .. } => format!(
            "compare the fingerprint (on {node}: `ssh-keygen -lf` of the files `/etc/ssh/ssh_host_*.pub`), then run again with `--accept-new-host-keys`, or do `{remedy}`"
        ),
        ConnectError::Refused { .. } => {
            format!(
                "put a key that {node} accepts into the agent (`ssh-add`) or name it as `ssh: identity_file`, and check `ssh: user`"
            )
        }
        ConnectError::Handshake { .. } => {
            format!(
                "see whether sshd answers there (`ssh -v` to {node}); a full `MaxStartups` passes with fewer `--forks`"
            )
        }
        ConnectError::Local(_) => "it is on this machine, not on the node".to_owned(),
    };
    unreachable(error.to_string(), remedy)
}

fn unreachable(what: String, remedy: String) -> Failure {
    Failure {
        kind: FailureKind::Unreachable,
        what,
        command: "connect".to_owned(),
        code: None,
        stderr: String::new(),
        remedy,
    }
}

pub(super) fn run(node: &NodeName, command: &str, error: &RunError) -> Failure {
    let failure = |kind, what: String, stderr: String, remedy: String| Failure {
        kind,
        what,
        command: command.to_owned(),
        code: None,
        stderr,
        remedy,
    };
    match error {
        RunError::TimedOut(after, outcome) => failure(
            FailureKind::Unknown,
            format!("it did not end within {} s and was stopped", after.as_secs()),
            said(outcome),
            format!(
                "it is not known how far it came; see what {node} is busy with, then run again: what was done is found done"
            ),
        ),
        RunError::Lost(why) => failure(
            FailureKind::Unknown,
            format!("the connection was lost while it ran: {why}"),
            String::new(),
            format!("it is not known how far it came; bring {node} back and run again: what was done is found done"),
        ),
        RunError::Privilege { what, said, remedy } => {
            failure(FailureKind::Unreachable, what.clone(), said.clone(), remedy.clone())
        }
        RunError::Input(_, outcome) => failure(
            FailureKind::Unknown,
            error.to_string(),
            said(outcome),
            "mend it on this machine and run again; half of it has come there".to_owned(),
        ),
        RunError::NotStarted(why) => failure(
            FailureKind::Unreachable,
            format!("nothing can be run there: {why}"),
            String::new(),
            format!("try `ssh` to {node} by hand: does it give a shell?"),
        ),
    }
}

/// The remedy, with what is known of a message that was printed.
pub(super) fn advised(remedy: String, said: &str) -> String {
    match advice::of(said) {
        Some(advice) => format!("{}: {}; or else {remedy}", advice.means, advice.next),
        None => remedy,
    }
}

/// What a script said last, on standard error or else on standard output.
pub(super) fn said(outcome: &Outcome) -> String {
    let stderr = tail(&outcome.stderr.text);
    if stderr.is_empty() { tail(&outcome.stdout.text) } else { stderr }
}
