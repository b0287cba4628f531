//! Something held on a node by a script that waits on its standard input.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::run::{Open, Writer, beside, follow};
use super::streams::Streams;
use crate::transport::api::Holding;

/// How long a node may take to let go before its channel is closed under it.
const LETTING_GO: Duration = Duration::from_secs(10);
/// As good as never; `Instant` has no end of time.
const YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A hold, kept by a task of its own.
pub(super) struct Hold {
    /// Dropped, it lets go as well.
    release: oneshot::Sender<()>,
    alive: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Hold {
    /// Takes over a channel whose script has got what it wanted.
    pub(super) fn keep(open: Open, streams: Streams, heartbeat: Duration) -> Self {
        let (release, released) = oneshot::channel();
        let alive = Arc::new(AtomicBool::new(true));
        let task = tokio::spawn(kept(open, streams, heartbeat, released, Arc::clone(&alive)));
        Self { release, alive, task }
    }
}

async fn kept(
    open: Open,
    mut streams: Streams,
    heartbeat: Duration,
    released: oneshot::Receiver<()>,
    alive: Arc<AtomicBool>,
) {
    let Open { mut read, write } = open;
    let holding = follow(&mut read, &mut streams, &|_| (), Instant::now() + YEARS);
    beside(beat(&write, heartbeat), futures::future::select(Box::pin(holding), released).map(drop)).await;
    alive.store(false, Ordering::Release);
    let until = Instant::now() + LETTING_GO;
    beside(write.end_of_input(), follow(&mut read, &mut streams, &|_| (), until)).await;
    write.close().await;
}

async fn beat(write: &Writer, heartbeat: Duration) -> Result<(), russh::Error> {
    let mut ticks = interval(heartbeat);
    // After a suspended laptop one beat is enough, if anybody still listens.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        write.write(b"\n").await?;
    }
}

impl Holding for Hold {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            let _ = self.release.send(());
            let _ = timeout(LETTING_GO * 2, self.task).await;
        }
        .boxed()
    }

    fn alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }
}
