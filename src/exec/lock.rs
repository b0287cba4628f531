//! The lock that keeps two admins apart.
//!
//! On every node a channel holds `flock` on a file under `/run/lock`, taken in the order of the names, so that two
//! runs cannot each hold what the other waits for. It falls with the connection, and when no heartbeat comes: a
//! laptop that was closed lets go.

use std::time::Duration;

use crate::exec::{Context, explain};
use crate::model::{NodeName, shell};
use crate::plan::Refusal;
use crate::transport::{HoldError, Holding, Script};

const HEARTBEAT: Duration = Duration::from_secs(5);

// The holder writes who it is; whoever comes too late reads it. `dd` takes one byte of a heartbeat, and `timeout`
// ends the wait when none comes for six heartbeats.
const SCRIPT: &str = r#"f=/run/lock/bricklayer.lock
umask 077
exec 9>>"$f" || exit 1
if ! flock -n 9; then
  echo "held $(cat "$f")"
  exit 0
fi
printf '%s since %s\n' "$who" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$f"
echo taken
while [ "$(timeout 30 dd bs=1 count=1 2>/dev/null | wc -c)" = 1 ]; do :; done 9>&-
: >"$f"
"#;

/// Locks that are held, or none; letting them go is [`Locks::release`], or dropping them.
#[derive(Default)]
pub struct Locks {
    held: Vec<(NodeName, Box<dyn Holding>)>,
}

impl Locks {
    /// A node that has let go by itself: its connection is gone, or it was rebooted.
    pub fn lost(&self) -> Option<&NodeName> {
        self.held.iter().find(|(_, holding)| !holding.alive()).map(|(node, _)| node)
    }

    /// Lets go of all and waits for it.
    pub async fn release(self) {
        futures::future::join_all(self.held.into_iter().map(|(_, holding)| holding.release())).await;
    }
}

/// Why there are no locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockError {
    /// Another run has it; who, is in it.
    Held(Refusal),
    /// It cannot be taken there at all.
    Failed(Refusal),
}

/// Takes the lock on all nodes, in the order given (sorted). Says who holds it where it cannot be had, and lets go
/// of the ones it had.
pub async fn take(context: &Context, nodes: &[NodeName]) -> Result<Locks, LockError> {
    let who = shell::quote(&format!("{} (run {})", context.log.who, context.log.run));
    let script = Script { text: format!("who={who}\n{SCRIPT}"), become_root: true, timeout: Duration::from_secs(30) };
    let mut locks = Locks { held: Vec::new() };
    for node in nodes {
        let taken = tokio::select! {
            biased;
            () = context.interrupt.abandoned() => Err(LockError::Failed(abandoned(node))),
            taken = one(context, node, &script) => taken,
        };
        match taken {
            Ok(holding) => locks.held.push((node.clone(), holding)),
            Err(error) => {
                locks.release().await;
                return Err(error);
            }
        }
    }
    Ok(locks)
}

// The lock falls with the connection, so there is nothing to wait for.
fn abandoned(node: &NodeName) -> Refusal {
    Refusal {
        node: Some(node.clone()),
        what: "interrupted before the lock was taken there".to_owned(),
        remedy: "nothing was changed; run the same command again".to_owned(),
        unreachable: false,
    }
}

async fn one(context: &Context, node: &NodeName, script: &Script) -> Result<Box<dyn Holding>, LockError> {
    let refuse = |what: String, remedy: String, unreachable: bool| Refusal {
        node: Some(node.clone()),
        what,
        remedy,
        unreachable,
    };
    let session = context.fleet.session(node).await.map_err(|error| {
        let failure = explain::connect(node, &error);
        LockError::Failed(refuse(failure.what, failure.remedy, true))
    })?;
    let (line, holding) = session.hold(script, HEARTBEAT).await.map_err(|error| {
        LockError::Failed(match error {
            HoldError::Ended(outcome) => refuse(
                format!("the lock cannot be taken: {}", explain::said(&outcome)),
                "`flock` (util-linux) and a writable /run/lock are needed there".to_owned(),
                false,
            ),
            HoldError::Run(error) => {
                let failure = explain::run(node, "lock", &error);
                refuse(failure.what, failure.remedy, true)
            }
        })
    })?;
    if line == "taken" {
        return Ok(holding);
    }
    holding.release().await;
    let holder = line.strip_prefix("held ").unwrap_or(&line).to_owned();
    Err(LockError::Held(refuse(
        format!("another run works on this cluster: {holder}"),
        "wait until it has ended; a run that was cut off lets go within 30 s".to_owned(),
        false,
    )))
}
