//! Connections to jump hosts, one each, whoever lies behind it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use futures::future::BoxFuture;
use russh::client::Handle;
use tokio::sync::Mutex;

use super::gate::{Gate, Handshaken};
use crate::transport::api::ConnectError;
use crate::transport::target::{Target, Via};

type Place = Arc<Mutex<Option<Arc<Handle<Gate>>>>>;

/// All jump hosts of a fleet.
#[derive(Default)]
pub(super) struct Hops(std::sync::Mutex<HashMap<String, Place>>);

impl Hops {
    /// The connection to `hop`: the first who needs it makes it, the others wait for that.
    pub(super) async fn get<'a>(
        &self,
        hop: &Target,
        arrive: impl FnOnce() -> BoxFuture<'a, Result<Handshaken, ConnectError>>,
    ) -> Result<Arc<Handle<Gate>>, ConnectError> {
        let place = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key(hop)).or_default());
        let mut place = place.lock().await;
        if let Some(handle) = place.as_ref().filter(|handle| !handle.is_closed()) {
            return Ok(Arc::clone(handle));
        }
        let handle = Arc::new(arrive().await?.handle);
        *place = Some(Arc::clone(&handle));
        Ok(handle)
    }
}

// Who logs in where, by which way.
fn key(hop: &Target) -> String {
    let own = format!("{}@{}", hop.user, hop.address());
    match &hop.via {
        Via::Direct => own,
        Via::Command(command) => format!("{own} by {command}"),
        Via::Jump(before) => format!("{own} by {}", key(before)),
    }
}
