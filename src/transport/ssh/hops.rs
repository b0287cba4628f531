//! Connections to jump hosts, one each, whoever lies behind it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use futures::future::BoxFuture;
use russh::client::Handle;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use super::gate::{Gate, Handshaken};
use crate::transport::api::ConnectError;
use crate::transport::target::{Target, Via};

/// Or why there is none, and since when.
type Place = Arc<Mutex<Option<Result<Arc<Handle<Gate>>, (Instant, ConnectError)>>>>;

/// Whoever has waited for a connection that came to nothing does not try again by itself, but whoever comes later.
const STALE: Duration = Duration::from_secs(5);

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
        match &*place {
            Some(Ok(handle)) if !handle.is_closed() => return Ok(Arc::clone(handle)),
            Some(Err((since, error))) if since.elapsed() < STALE => return Err(error.clone()),
            _ => {}
        }
        let arrived = arrive().await.map(|arrived| Arc::new(arrived.handle));
        *place = Some(arrived.clone().map_err(|error| (Instant::now(), error)));
        arrived
    }
}

// Who logs in where, by which way.
fn key(hop: &Target) -> String {
    let own = format!("{}@{} as {:?} by {:?}", hop.user, hop.address(), hop.lookup_names(), hop.host_key_checking);
    match &hop.via {
        Via::Direct => own,
        Via::Command(command) => format!("{own} by {command}"),
        Via::Jump(before) => format!("{own} by {}", key(before)),
    }
}
