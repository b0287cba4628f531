//! One session a node, opened when first needed and kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;

use crate::model::NodeName;
use crate::transport::{ConnectError, Session, Transport};

/// All sessions of a run; cheap to clone.
#[derive(Clone)]
pub struct Fleet {
    transport: Arc<dyn Transport>,
    open: Arc<Mutex<BTreeMap<NodeName, Arc<dyn Session>>>>,
    failed: Arc<Mutex<BTreeMap<NodeName, ConnectError>>>,
    forks: usize,
}

impl Fleet {
    /// Nothing is connected yet. `forks` is how many nodes are worked on at one time.
    pub fn new(transport: Arc<dyn Transport>, forks: usize) -> Self {
        Self { transport, open: Arc::default(), failed: Arc::default(), forks: forks.max(1) }
    }

    /// How many nodes are worked on at one time.
    pub fn forks(&self) -> usize {
        self.forks
    }

    /// Connects to all of these nodes, side by side; answers to which it could. Why it could not to another is what the
    /// next use of that node is told, without another try.
    pub async fn connect(&self, nodes: &BTreeSet<NodeName>) -> Vec<NodeName> {
        let opened = futures::stream::iter(nodes).map(|node| async move { (node, self.session(node).await.err()) });
        let errors: BTreeMap<_, _> = opened.buffer_unordered(self.forks).collect().await;
        let reachable = errors.iter().filter(|(_, error)| error.is_none()).map(|(node, _)| (*node).clone()).collect();
        let failed = errors.into_iter().filter_map(|(node, error)| Some((node.clone(), error?)));
        locked(&self.failed).extend(failed);
        reachable
    }

    /// The session of a node, opened now if there is none. A run has one user of a node at a time.
    pub async fn session(&self, node: &NodeName) -> Result<Arc<dyn Session>, ConnectError> {
        if let Some(session) = self.sessions().get(node) {
            return Ok(session.clone());
        }
        if let Some(error) = locked(&self.failed).remove(node) {
            return Err(error);
        }
        let session: Arc<dyn Session> = Arc::from(self.transport.connect(node).await?);
        self.sessions().insert(node.clone(), session.clone());
        Ok(session)
    }

    /// Is a session open, or believed to be?
    pub fn has(&self, node: &NodeName) -> bool {
        self.sessions().contains_key(node)
    }

    /// A session that broke: the next use of the node connects again.
    pub fn forget(&self, node: &NodeName) {
        self.sessions().remove(node);
    }

    /// Says goodbye to all nodes, side by side.
    pub async fn close(&self) {
        let sessions = std::mem::take(&mut *self.sessions());
        futures::stream::iter(sessions.values()).for_each_concurrent(self.forks, |session| session.close()).await;
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<NodeName, Arc<dyn Session>>> {
        locked(&self.open)
    }
}

// Nothing panics while it is held; if it did, the map is whole all the same.
fn locked<T>(map: &Mutex<T>) -> MutexGuard<'_, T> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
