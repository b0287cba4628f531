//! What services have stored on the nodes, brought to this machine and back.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use futures::StreamExt;

use crate::events::Failure;
use crate::exec::hand::{Load, Put, deliver as put, receive};
use crate::exec::{Context, explain};
use crate::model::NodeName;
use crate::transport::Script;

// It is some hundred kilobytes.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Where a node's archive lies in the folder.
pub fn archive_name(node: &NodeName) -> String {
    format!("{node}.tar.gz")
}

/// Brings what each script packs into this folder, side by side. Of each node the bytes that came, or why none did.
pub async fn archive(
    context: &Context,
    scripts: &BTreeMap<NodeName, String>,
    folder: &Path,
) -> BTreeMap<NodeName, Result<u64, Failure>> {
    futures::stream::iter(scripts)
        .map(|(node, script)| async move { (node.clone(), one(context, node, script, folder).await) })
        .buffer_unordered(context.fleet.forks())
        .collect()
        .await
}

async fn one(context: &Context, node: &NodeName, script: &str, folder: &Path) -> Result<u64, Failure> {
    let session = context.fleet.session(node).await.map_err(|error| explain::connect(node, &error))?;
    let script = Script { text: script.to_owned(), become_root: true, timeout: TIMEOUT };
    let to = folder.join(archive_name(node));
    let received = receive(session.as_ref(), node, (&script, "what it has stored"), &to, &|_| {}).await;
    received.map_err(|failure| context.redact.failure(&Failure { command: "backup".to_owned(), ..failure }))
}

/// Puts a file of this machine there, for root alone; where it is there already, it is left alone.
pub async fn deliver(context: &Context, node: &NodeName, load: &Load, to: &str) -> Result<(), Failure> {
    let session = context.fleet.session(node).await.map_err(|error| explain::connect(node, &error))?;
    let parcel = Put { load: load.clone(), to: to.to_owned(), mode: Some(0o600), owner: None, become_root: true };
    put(session.as_ref(), node, &parcel, &|_| {}).await.map(drop).map_err(|failure| context.redact.failure(&failure))
}
