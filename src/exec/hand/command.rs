//! One command on one node.

use std::time::Duration;

use crate::events::{Failure, FailureKind, HandEnd};
use crate::exec::explain;
use crate::model::NodeName;
use crate::model::shell::{quote, quote_all};
use crate::transport::{Exit, Hear, Outcome, RunError, Script, Session, Transport};

/// A command that has no end of its own is followed for as long as this: a year.
const NO_END: Duration = Duration::from_secs(365 * 24 * 3600);

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Order {
    /// One word is a line for `sh`; several are a program and its arguments, as they are.
    pub words: Vec<String>,
    /// Variables of its environment.
    pub env: Vec<(String, String)>,
    /// As root.
    pub become_root: bool,
    /// After this long it is ended.
    pub timeout: Option<Duration>,
}

impl Order {
    /// As it travels.
    pub fn script(&self) -> Script {
        let exports = self.env.iter().map(|(name, value)| format!("export {name}={}\n", quote(value)));
        let command = match &self.words[..] {
            [line] => line.clone(),
            words => quote_all(words.iter().map(String::as_str)),
        };
        let text = exports.chain([command]).collect();
        Script { text, become_root: self.become_root, timeout: self.timeout.unwrap_or(NO_END) }
    }
}

/// Runs it.
pub async fn command(transport: &dyn Transport, node: &NodeName, script: &Script, hear: Hear<'_>) -> HandEnd {
    let ended = async {
        let session = connect(transport, node).await?;
        let outcome = session.stream(script, None, hear).await.map_err(|error| run_failed(node, &error));
        session.close().await;
        outcome
    };
    match ended.await.map(|outcome| code(node, &outcome)) {
        Ok(Ok(code)) => HandEnd::Code { code },
        Ok(Err(failure)) | Err(failure) => HandEnd::Failed { failure },
    }
}

pub(super) async fn connect(transport: &dyn Transport, node: &NodeName) -> Result<Box<dyn Session>, Failure> {
    transport.connect(node).await.map_err(|error| explain::connect(node, &error))
}

/// Run again, a command may do again what it has done.
pub(super) fn run_failed(node: &NodeName, error: &RunError) -> Failure {
    let failure = explain::run(node, "", error);
    match failure.kind {
        FailureKind::Unknown => Failure {
            remedy: format!("it is not known how far it came: look on {node} before you run it again"),
            ..failure
        },
        _ => failure,
    }
}

/// The exit code, or that there is none.
pub(super) fn code(node: &NodeName, outcome: &Outcome) -> Result<u32, Failure> {
    let (kind, what) = match &outcome.exit {
        Exit::Code(code) => return Ok(*code),
        Exit::Signal(signal) => (FailureKind::Step, format!("ended by SIG{signal}")),
        Exit::Missing => (FailureKind::Unknown, "ended without saying how".to_owned()),
    };
    Err(Failure {
        kind,
        what,
        command: String::new(),
        code: None,
        stderr: explain::tail(&outcome.stderr.text),
        remedy: format!("see on {node} who ended it"),
    })
}
