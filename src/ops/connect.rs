//! From inventory to transport, and the question about unknown host keys.

use std::io::IsTerminal;
use std::sync::Arc;

use crate::ops::targets::Targets;
use crate::ops::{Fault, Job};
use crate::report::{Mark, Said};
use crate::transport::{ConnectError, Limits, RusshTransport, Transport, open_file_limit};

/// A transport to all nodes of the job. Unknown host keys are shown and asked for here, once, before any work.
pub(super) async fn transport(job: &Job) -> Result<Arc<dyn Transport>, Fault> {
    let nodes = job.nodes();
    let forks = open_file_limit(job.settings.forks.min(nodes.len())).map_err(ConnectError::Local)?;
    let known = Targets::new(job.settings.accept_new_host_keys)?;
    for warning in known.warnings() {
        job.settings.console.say(&Said::new(Mark::Warn, warning)).map_err(Fault::Terminal)?;
    }
    let inventory = job.inventory.nodes.iter().filter(|node| nodes.contains(&node.name));
    let targets = inventory.map(|node| known.node(node)).collect::<Result<_, _>>()?;
    let transport = RusshTransport::new(targets, Limits { forks: forks.max(1), ..Limits::default() });
    // What lies behind a jump host is seen when that is known.
    while ask(&transport).await? {}
    Ok(Arc::new(transport))
}

// Without a terminal, `ask` is `strict`: the connection will say what to do. True where there may be more to ask.
async fn ask(transport: &RusshTransport) -> Result<bool, Fault> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    let unknown = transport.unknown_host_keys().await?;
    if unknown.is_empty() {
        return Ok(false);
    }
    let mut text = String::from("These host keys are not known yet:\n");
    for key in &unknown {
        text.push_str(
            &["  ", key.node.as_str(), "  ", &key.host, "  ", &key.key_type, " ", &key.fingerprint, "\n"].concat(),
        );
    }
    text.push_str("Are they the right ones? They are written to known_hosts");
    let yes = confirm(text).await?;
    if yes {
        transport.accept(&unknown)?;
    }
    Ok(yes)
}

/// Asks a yes-no question on the terminal; no is the default.
pub(super) async fn confirm(question: String) -> Result<bool, Fault> {
    let asked = tokio::task::spawn_blocking(move || {
        dialoguer::Confirm::new().with_prompt(question).default(false).interact_opt()
    });
    match asked.await? {
        Ok(answer) => Ok(answer.unwrap_or(false)),
        Err(dialoguer::Error::IO(error)) => Err(Fault::Terminal(error)),
    }
}
