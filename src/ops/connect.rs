//! From inventory to transport, and the question about unknown host keys.

use std::io::IsTerminal;
use std::sync::Arc;

use crate::ops::ask;
use crate::ops::targets::Targets;
use crate::ops::{Fault, Job};
use crate::report::{Mark, Said};
use crate::transport::{ConnectError, Limits, RusshTransport, Transport, open_file_limit};

/// As OpenSSH (`NumberOfPasswordPrompts`).
const TRIES: usize = 3;

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
    unlock(&transport).await?;
    // What lies behind a jump host is seen when that is known.
    while judge(&transport).await? {}
    Ok(Arc::new(transport))
}

// Each key file's passphrase, once, before the nodes are worked on side by side. Where nobody can be asked, the
// connection will say what to do.
async fn unlock(transport: &RusshTransport) -> Result<(), Fault> {
    for file in transport.locked_keys().await {
        for _ in 0..TRIES {
            let prompt = format!("Passphrase of {}", file.display());
            let Some(passphrase) = ask::secret(&prompt).await? else { break };
            if transport.unlock(&file, &passphrase) {
                break;
            }
        }
    }
    Ok(())
}

// Without a terminal, `ask` is `strict`: the connection will say what to do. True where there may be more to ask.
async fn judge(transport: &RusshTransport) -> Result<bool, Fault> {
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
    let yes = ask::confirm(text).await?;
    if yes {
        transport.accept(&unknown)?;
    }
    Ok(yes)
}
