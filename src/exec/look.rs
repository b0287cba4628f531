//! A look: one script on each node, one round trip, all nodes side by side.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::StreamExt;

use crate::events::{Event, Failure, FailureKind, LookWhy};
use crate::exec::{Context, explain};
use crate::facts::{Look, NodeLook, Probe, Seen};
use crate::model::NodeName;
use crate::transport::{Exit, Outcome, RunError, Script};

// Gluster's reading commands are ended by the probe itself after 20 s.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Asks every node its probe. A node that cannot be asked is unknown; that is told, and is no error here.
pub async fn look(context: &Context, why: LookWhy, probes: &BTreeMap<NodeName, Probe>) -> Look {
    context.tell.send(Event::LookStarted { why }).await;
    let nodes = futures::stream::iter(probes)
        .map(|(node, probe)| async move { (node.clone(), one(context, node, probe).await) })
        .buffer_unordered(context.fleet.forks())
        .collect()
        .await;
    Look { nodes }
}

async fn one(context: &Context, node: &NodeName, probe: &Probe) -> Seen<NodeLook> {
    let start = Instant::now();
    let asked = tokio::select! {
        biased;
        () = context.interrupt.abandoned() => Err(abandoned(node)),
        asked = ask(context, node, probe) => asked,
    };
    match asked {
        Ok(look) => {
            let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            context.tell.send(Event::NodeSeen { node: node.clone(), ms }).await;
            Seen::Known(look)
        }
        Err(failure) => {
            let why = failure.what.clone();
            context
                .tell
                .send(Event::NodeUnknown { node: node.clone(), failure: context.redact.failure(&failure) })
                .await;
            Seen::Unknown(why)
        }
    }
}

fn abandoned(node: &NodeName) -> Failure {
    Failure {
        kind: FailureKind::Unreachable,
        what: "interrupted: its answer was not waited for".to_owned(),
        command: "look".to_owned(),
        code: None,
        stderr: String::new(),
        remedy: format!("looking changes nothing on {node}; run the same command again"),
    }
}

async fn ask(context: &Context, node: &NodeName, probe: &Probe) -> Result<NodeLook, Failure> {
    let script = Script { text: probe.script(&context.mark), become_root: true, timeout: TIMEOUT };
    let kept = context.fleet.has(node);
    let outcome = match run(context, node, &script).await? {
        // The connection was made before, and the node may have been booted since. Looking twice harms nothing.
        Err(RunError::Lost(_)) if kept => run(context, node, &script).await?,
        outcome => outcome,
    };
    let outcome = outcome.map_err(|error| match error {
        RunError::Lost(_) | RunError::TimedOut(..) => Failure {
            kind: FailureKind::Unreachable,
            remedy: format!("see what {node} is busy with (`ssh` to it by hand), then run the same command again"),
            ..explain::run(node, "look", &error)
        },
        error => explain::run(node, "look", &error),
    })?;
    probe.read(&context.mark, &outcome.stdout.text).map_err(|what| Failure {
        kind: FailureKind::Unreachable,
        what,
        command: "look".to_owned(),
        code: match outcome.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(_) | Exit::Missing => None,
        },
        stderr: explain::said(&outcome),
        remedy: format!("run `ssh` to {node} by hand: the login must give a plain POSIX shell"),
    })
}

// A session that did not serve is not used again. The outer error is that there is none.
async fn run(context: &Context, node: &NodeName, script: &Script) -> Result<Result<Outcome, RunError>, Failure> {
    let session = context.fleet.session(node).await.map_err(|error| explain::connect(node, &error))?;
    let outcome = session.run(script, &|_| {}).await;
    if outcome.is_err() {
        context.fleet.forget(node);
    }
    Ok(outcome)
}
