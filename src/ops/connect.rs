//! From inventory to transport, and the question about unknown host keys.

use std::io::IsTerminal;
use std::sync::Arc;

use crate::inventory::{self, InventoryNode};
use crate::ops::{Fault, Job};
use crate::transport::{
    Become, ConnectError, HostKeyChecking, Limits, RusshTransport, Target, Transport, open_file_limit,
};

/// A transport to all nodes of the job. Unknown host keys are shown and asked for here, once, before any work.
pub(super) async fn transport(job: &Job) -> Result<Arc<dyn Transport>, Fault> {
    let nodes = job.nodes();
    let forks = open_file_limit(job.settings.forks.min(nodes.len())).map_err(ConnectError::Local)?;
    let inventory = job.inventory.nodes.iter().filter(|node| nodes.contains(&node.name));
    let targets = inventory.map(|node| target(node, job.settings.accept_new_host_keys)).collect();
    let transport = RusshTransport::new(targets, Limits { forks: forks.max(1), ..Limits::default() });
    ask(&transport).await?;
    Ok(Arc::new(transport))
}

fn target(node: &InventoryNode, accept_new: bool) -> Target {
    use inventory::HostKeyChecking as Wanted;
    let ssh = &node.ssh;
    let user = ssh.user.clone().or_else(|| std::env::var("USER").ok()).unwrap_or_else(|| "root".to_owned());
    let mut target = Target::new(node.name.clone(), &node.address.to_string(), &user);
    target.port = ssh.port.unwrap_or(target.port);
    target.identity_files = ssh.identity_file.clone().into_iter().collect();
    if let Some(file) = &ssh.known_hosts {
        target.known_hosts = vec![file.clone()];
    }
    target.host_key_names = vec![node.address.to_string(), node.name.to_string()];
    target.host_key_checking = match ssh.host_key_checking {
        Some(Wanted::Off) => HostKeyChecking::Off,
        _ if accept_new => HostKeyChecking::AcceptNew,
        Some(Wanted::AcceptNew) => HostKeyChecking::AcceptNew,
        Some(Wanted::Strict) => HostKeyChecking::Strict,
        Some(Wanted::Ask) | None => HostKeyChecking::Ask,
    };
    target.become_root = match ssh.become_root {
        inventory::Become::Auto => Become::Auto,
        inventory::Become::Sudo => Become::Sudo,
        inventory::Become::None => Become::None,
    };
    target.connect_timeout = ssh.connect_timeout;
    target
}

// Without a terminal, `ask` is `strict`: the connection will say what to do.
async fn ask(transport: &RusshTransport) -> Result<(), Fault> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    let unknown = transport.unknown_host_keys().await?;
    if unknown.is_empty() {
        return Ok(());
    }
    let mut text = String::from("These host keys are not known yet:\n");
    for key in &unknown {
        text.push_str(
            &["  ", key.node.as_str(), "  ", &key.host, "  ", &key.key_type, " ", &key.fingerprint, "\n"].concat(),
        );
    }
    text.push_str("Are they the right ones? They are written to known_hosts");
    let yes = confirm(text).await?;
    if yes { Ok(transport.accept(&unknown)?) } else { Ok(()) }
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
