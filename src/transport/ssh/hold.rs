//! Something held on a node by a script that waits on its standard input.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// After this many heartbeats that were not sent the hold counts as lost, whatever the node has said by then: when a
/// laptop wakes, its next step would otherwise be faster than the news.
const MISSED: u32 = 5;

/// A hold, kept by a task of its own.
pub(super) struct Hold {
    /// Dropped, it lets go as well.
    release: oneshot::Sender<()>,
    life: Arc<Life>,
    heartbeat: Duration,
    task: JoinHandle<()>,
}

/// Signs of life.
struct Life {
    alive: AtomicBool,
    /// When the last heartbeat was sent, in seconds since 1970: the clock of the wall goes on while a laptop sleeps,
    /// which that of the kernel (`Instant`) does not.
    beat: AtomicU64,
}

impl Life {
    fn beats(&self) {
        self.beat.store(now(), Ordering::Release);
    }

    fn lasts(&self, heartbeat: Duration) -> bool {
        let silent = now().saturating_sub(self.beat.load(Ordering::Acquire));
        self.alive.load(Ordering::Acquire) && silent < (heartbeat * MISSED).as_secs().max(1)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Hold {
    /// Takes over a channel whose script has got what it wanted.
    pub(super) fn keep(open: Open, streams: Streams, heartbeat: Duration) -> Self {
        let (release, released) = oneshot::channel();
        let life = Arc::new(Life { alive: AtomicBool::new(true), beat: AtomicU64::new(now()) });
        let task = tokio::spawn(kept(open, streams, heartbeat, released, Arc::clone(&life)));
        Self { release, life, heartbeat, task }
    }
}

async fn kept(open: Open, mut streams: Streams, heartbeat: Duration, released: oneshot::Receiver<()>, life: Arc<Life>) {
    let Open { mut read, write } = open;
    let holding = follow(&mut read, &mut streams, &|_, _| (), Instant::now() + YEARS);
    beside(beat(&write, heartbeat, &life), futures::future::select(Box::pin(holding), released).map(drop)).await;
    life.alive.store(false, Ordering::Release);
    let until = Instant::now() + LETTING_GO;
    beside(write.end_of_input(), follow(&mut read, &mut streams, &|_, _| (), until)).await;
    write.close().await;
}

async fn beat(write: &Writer, heartbeat: Duration, life: &Life) -> Result<(), russh::Error> {
    let mut ticks = interval(heartbeat);
    // After a suspended laptop one beat is enough, if anybody still listens.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Too late is too late: a beat that comes after the node has let go takes nothing back.
        if !life.lasts(heartbeat) {
            life.alive.store(false, Ordering::Release);
        }
        write.write(b"\n").await?;
        life.beats();
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
        self.life.lasts(self.heartbeat)
    }
}
