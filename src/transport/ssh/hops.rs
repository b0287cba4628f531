//! Connections to jump hosts, as few as they let us have, whoever lies behind them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use futures::future::BoxFuture;
use russh::Channel;
use russh::client::{Handle, Msg};
use tokio::sync::{Mutex, watch};
use tokio::time::error::Elapsed;
use tokio::time::{Duration, Instant};

use super::gate::{Gate, Handshaken};
use crate::model::NodeName;
use crate::transport::api::ConnectError;
use crate::transport::target::Target;

/// A connection to a jump host.
pub(super) struct Hop {
    pub(super) handle: Handle<Gate>,
    channels: watch::Sender<Channels>,
}

#[derive(Default)]
struct Channels {
    /// Are being asked for.
    asked: usize,
    /// At least one was given.
    given: bool,
}

impl Hop {
    fn new(handle: Handle<Gate>) -> Self {
        Self { handle, channels: watch::Sender::default() }
    }

    /// Asks for a channel.
    pub(super) async fn channel(&self, asking: impl Future<Output = Asked>) -> Asked {
        self.channels.send_modify(|channels| channels.asked += 1);
        let _over = Over(&self.channels);
        let asked = asking.await;
        self.channels.send_modify(|channels| channels.given |= matches!(asked, Ok(Ok(_))));
        asked
    }

    /// Somebody got a channel, so that another connection has some, too. Known as soon as there is one, or no hope.
    async fn gives(&self) -> bool {
        let mut channels = self.channels.subscribe();
        channels.wait_for(|channels| channels.given || channels.asked == 0).await.is_ok_and(|channels| channels.given)
    }
}

/// One who no longer asks, also where the question was given up.
struct Over<'a>(&'a watch::Sender<Channels>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|channels| channels.asked -= 1);
    }
}

/// A channel, or no answer in time.
pub(super) type Asked = Result<Result<Channel<Msg>, russh::Error>, Elapsed>;

/// The connections to one jump host.
#[derive(Default)]
struct Place {
    /// The last is the one that is asked for more channels.
    open: Vec<Arc<Hop>>,
    /// Why there is none, and since when.
    failed: Option<(Instant, ConnectError)>,
}

/// Whoever has waited for a connection that came to nothing does not try again by itself, but whoever comes later.
const STALE: Duration = Duration::from_secs(5);

/// Most connections to one jump host.
const MOST: usize = 100;

/// All jump hosts of a fleet.
#[derive(Default)]
pub(super) struct Hops(std::sync::Mutex<HashMap<String, Arc<Mutex<Place>>>>);

impl Hops {
    /// A connection to `hop`: the first who needs it makes it, the others wait for that. `full`: the one that has
    /// refused one more channel, and how; the first who says so makes another, for all who come after.
    pub(super) async fn get<'a>(
        &self,
        hop: &Target,
        full: Option<&(Arc<Hop>, ConnectError)>,
        arrive: impl FnOnce() -> BoxFuture<'a, Result<Handshaken, ConnectError>>,
    ) -> Result<Arc<Hop>, ConnectError> {
        if let Some((hop, error)) = full
            && !hop.gives().await
        {
            return Err(error.clone());
        }
        let place = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key(hop)).or_default());
        let mut place = place.lock().await;
        place.open.retain(|one| !one.handle.is_closed());
        match (place.open.last(), &place.failed, full) {
            (Some(last), _, None) => return Ok(Arc::clone(last)),
            (Some(last), _, Some((full, _))) if !Arc::ptr_eq(full, last) => return Ok(Arc::clone(last)),
            (_, Some((since, error)), _) if since.elapsed() < STALE => return Err(error.clone()),
            (Some(_), _, Some((_, error))) if place.open.len() >= MOST => return Err(error.clone()),
            _ => {}
        }
        match arrive().await {
            Ok(arrived) => {
                let hop = Arc::new(Hop::new(arrived.handle));
                place.open.push(Arc::clone(&hop));
                Ok(hop)
            }
            Err(error) => {
                place.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

// Whoever gets there by other keys, or knows it by other files, is somebody else; only what it is called does not matter.
fn key(hop: &Target) -> String {
    format!("{:?}", Target { name: NodeName::new(""), login_password: None, sudo_password: None, ..hop.clone() })
}
