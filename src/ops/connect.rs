//! From inventory to transport, and the question about unknown host keys.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;

use crate::model::Secret;
use crate::ops::ask;
use crate::ops::targets::Targets;
use crate::ops::{Fault, Job};
use crate::report::{Mark, Said};
use crate::transport::{Become, ConnectError, Limits, RusshTransport, Target, Transport, open_file_limit};

/// As OpenSSH (`NumberOfPasswordPrompts`).
const TRIES: usize = 3;

/// A transport to all nodes of the job. Unknown host keys are shown and asked for here, once, before any work.
/// With the passwords that were given, which nothing may print.
pub(super) async fn transport(job: &Job) -> Result<(Arc<dyn Transport>, Vec<Secret>), Fault> {
    let nodes = job.nodes();
    let forks = open_file_limit(job.settings.forks.min(nodes.len())).map_err(ConnectError::Local)?;
    let known = Targets::new(job.settings.access.accept_new_host_keys)?;
    for warning in known.warnings() {
        job.settings.console.say(&Said::new(Mark::Warn, warning)).map_err(Fault::Terminal)?;
    }
    let inventory = job.inventory.nodes.iter().filter(|node| nodes.contains(&node.name));
    let mut targets = inventory.map(|node| known.node(node)).collect::<Result<Vec<_>, _>>()?;
    let passwords = sudo_passwords(&mut targets, job.settings.access.ask_sudo_password).await?;
    let transport = RusshTransport::new(targets, Limits { forks: forks.max(1), ..Limits::default() });
    unlock(&transport).await?;
    // What lies behind a jump host is seen when that is known.
    while judge(&transport).await? {}
    Ok((Arc::new(transport), passwords))
}

// Of each login user that may need one, once: from the environment, a file, or the person at the terminal.
async fn sudo_passwords(targets: &mut [Target], ask: bool) -> Result<Vec<Secret>, Fault> {
    let given = ask::from_environment("BRICKLAYER_SUDO_PASSWORD")?;
    let mut passwords: BTreeMap<String, Arc<Secret>> = BTreeMap::new();
    if given.is_none() && !ask {
        return Ok(Vec::new());
    }
    for target in targets {
        let is_root = target.user == "root" && target.become_root == Become::Auto;
        if is_root || target.become_root == Become::None {
            continue;
        }
        if !passwords.contains_key(&target.user) {
            let password = match &given {
                Some(given) => Some(given.clone()),
                None => ask::secret(&format!("sudo password of {}", target.user)).await?,
            };
            let password = password.ok_or_else(|| {
                let user = &target.user;
                Fault::Usage(format!("nobody said the sudo password of {user}, and there is no terminal to ask on: put it into `BRICKLAYER_SUDO_PASSWORD`"))
            })?;
            passwords.insert(target.user.clone(), Arc::new(password));
        }
        target.sudo_password = passwords.get(&target.user).cloned();
    }
    Ok(passwords.into_values().map(|password| (*password).clone()).collect())
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
