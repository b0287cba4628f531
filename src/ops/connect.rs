//! From inventory to transport, and the question about unknown host keys.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::sync::Arc;

use crate::model::{NodeName, Secret};
use crate::ops::ask;
use crate::ops::targets::Targets;
use crate::ops::{Access, Fault, Job, Settings};
use crate::report::{Mark, Said};
use crate::transport::{
    Become, ConnectError, LOGIN_PASSWORD, Limits, Password, RusshTransport, SUDO_PASSWORD, Target, Transport,
    open_file_limit,
};

/// As OpenSSH (`NumberOfPasswordPrompts`).
const TRIES: usize = 3;

/// A transport, and the passwords that were given, which nothing may print.
pub(super) type Way = (Arc<dyn Transport>, Vec<Secret>);

/// A transport to these nodes of the job. Unknown host keys are shown and asked for here, once, before any work.
pub(super) async fn transport(job: &Job, nodes: &BTreeSet<NodeName>) -> Result<Way, Fault> {
    let known = known(&job.settings)?;
    let inventory = job.inventory.nodes.iter().filter(|node| nodes.contains(&node.name));
    let hosts = job.hosts.iter().filter(|(name, _)| nodes.contains(name));
    let targets = inventory.map(|node| known.node(node)).chain(hosts.map(|(name, hop)| known.host(name, hop)));
    to(&job.settings, targets.collect::<Result<_, _>>()?).await
}

fn known(settings: &Settings) -> Result<Targets, Fault> {
    let known = Targets::new(&settings.access)?;
    for warning in known.warnings() {
        settings.console.say(&Said::new(Mark::Warn, warning)).map_err(Fault::Terminal)?;
    }
    Ok(known)
}

async fn to(settings: &Settings, mut targets: Vec<Target>) -> Result<Way, Fault> {
    let forks = open_file_limit(settings.forks.min(targets.len())).map_err(ConnectError::Local)?;
    let passwords = passwords(&mut targets, &settings.access).await?;
    let transport = RusshTransport::new(targets, Limits { forks: forks.max(1), ..Limits::default() });
    unlock(&transport).await?;
    // What lies behind a jump host is seen when that is known.
    let mut seen = BTreeSet::new();
    while judge(&transport, &mut seen).await? {}
    Ok((Arc::new(transport), passwords))
}

// Of each login user that may need one, once: from the environment, a file, or the person at the terminal.
async fn passwords(targets: &mut [Target], access: &Access) -> Result<Vec<Secret>, Fault> {
    let mut login = Passwords::new("login", LOGIN_PASSWORD, access.ask_login_password)?;
    let mut sudo = Passwords::new("sudo", SUDO_PASSWORD, access.ask_sudo_password)?;
    for target in targets {
        target.login_password = login.of(&target.user).await?;
        let is_root = target.user == "root" && target.become_root == Become::Auto;
        if !is_root && target.become_root != Become::None {
            target.sudo_password = sudo.of(&target.user).await?;
        }
    }
    let all = login.known.into_values().chain(sudo.known.into_values());
    Ok(all.map(|password| password.secret().clone()).collect())
}

/// Passwords of one kind, by user.
struct Passwords {
    kind: &'static str,
    variable: &'static str,
    given: Option<Secret>,
    ask: bool,
    known: BTreeMap<String, Arc<Password>>,
}

impl Passwords {
    fn new(kind: &'static str, variable: &'static str, ask: bool) -> Result<Self, Fault> {
        let given = ask::from_environment(variable)?;
        Ok(Self { kind, variable, given, ask, known: BTreeMap::new() })
    }

    async fn of(&mut self, user: &str) -> Result<Option<Arc<Password>>, Fault> {
        if let Some(known) = self.known.get(user) {
            return Ok(Some(Arc::clone(known)));
        }
        let (kind, variable) = (self.kind, self.variable);
        let said = match &self.given {
            Some(given) => Some(given.clone()),
            None if self.ask => ask::secret(&format!("{kind} password of {user}")).await?,
            None => return Ok(None),
        };
        let said = said.map(|said| Arc::new(Password::new(said))).ok_or_else(|| {
            let what = format!("nobody said the {kind} password of {user}, and there is no terminal to ask on");
            Fault::Usage(format!("{what}: put it into `{variable}`"))
        })?;
        self.known.insert(user.to_owned(), Arc::clone(&said));
        Ok(Some(said))
    }
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
async fn judge(transport: &RusshTransport, seen: &mut BTreeSet<String>) -> Result<bool, Fault> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    let mut unknown = transport.unknown_host_keys().await?;
    // Where they are not written down, they stay unknown.
    unknown.retain(|key| seen.insert([key.host.as_str(), &key.fingerprint].join(" ")));
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
