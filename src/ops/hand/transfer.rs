//! `put` and `get`: files and folders to and from many nodes.

use std::path::{Path, PathBuf};

use super::crew::Crew;
use super::{GetWish, PutWish};
use crate::exec::hand::{Load, Put, fetch, send};
use crate::model::NodeName;
use crate::ops::{Fault, Settings};
use crate::report::Progress;

/// Brings it to all of them. Answers the exit code.
pub async fn put(settings: Settings, wish: PutWish) -> Result<u8, Fault> {
    let from = wish.from.clone();
    let load = tokio::task::spawn_blocking(move || Load::look(&from)).await?.map_err(Fault::Load)?;
    if wish.mode.is_some() && load.size().is_none() {
        let what = format!("`--mode` is for a file, and `{}` is a folder", wish.from.display());
        return Err(Fault::Usage(format!("{what}: what is in it keeps the permissions that it has here")));
    }
    let crew = Crew::gather(settings).await?;
    let total = load.size().map(|size| size * crew.nodes.len() as u64);
    let hand = wish.hand;
    let put = Put { load, to: there(&wish.to), mode: wish.mode, owner: wish.owner, become_root: hand.become_root };
    let progress = Progress::begin(crew.settings.console, total);
    let stage = crew.stage(crew.settings.json.then(|| crew.settings.console.hand_teller(None)));
    let work = |node| {
        let (put, progress, transport) = (&put, &progress, &*crew.transport);
        async move { send(transport, &node, put, &|bytes| progress.more(bytes)).await }
    };
    crew.each(hand, &stage, work).await
}

/// Brings it from all of them. Answers the exit code.
pub async fn get(settings: Settings, wish: GetWish) -> Result<u8, Fault> {
    if Path::new(&wish.from).file_name().is_none() {
        return Err(Fault::Usage(format!("`{}` has no name by which it could lie here", wish.from)));
    }
    let from = there(&wish.from);
    let crew = Crew::gather(settings).await?;
    let progress = Progress::begin(crew.settings.console, None);
    let stage = crew.stage(crew.settings.json.then(|| crew.settings.console.hand_teller(None)));
    let become_root = wish.hand.become_root;
    let work = |node: NodeName| {
        let (from, progress, transport) = (from.as_str(), &progress, &*crew.transport);
        let folder = of_node(&wish.to, &node);
        async move { fetch(transport, &node, (from, become_root), &folder, &|bytes| progress.more(bytes)).await }
    };
    crew.each(wish.hand, &stage, work).await
}

// Never taken for an option there.
fn there(path: &str) -> String {
    let path = path.strip_prefix("~/").unwrap_or(path);
    if path.starts_with('/') { path.to_owned() } else { format!("./{path}") }
}

fn of_node(folder: &Path, node: &NodeName) -> PathBuf {
    folder.join(node.as_str().replace('/', "_"))
}
