//! Ending scripts that took too long, or whose input broke off.

use std::sync::Arc;
use std::time::Duration;

use russh::Sig;
use russh::client::Handle;
use tokio::sync::{Mutex, OwnedSemaphorePermit, oneshot, watch};
use tokio::time::{Instant, sleep};

use super::gate::Gate;
use super::ramp::backoff;
use super::run::{Ending, Open, Writer, begun, beside, follow};
use super::streams::Streams;
use crate::transport::api::Exit;
use crate::transport::frame::{Root, killer};
use crate::transport::password::Password;

/// How long we go on trying after the caller has its answer.
const PERSISTENCE: Duration = Duration::from_secs(60);

/// Ends the scripts of one connection. sshd keeps a session allocated until its script has ended, whatever the client
/// closes, so `MaxSessions` would soon be reached by scripts that only we have given up.
pub(super) struct Reaper {
    handle: Arc<Handle<Gate>>,
    grace: Duration,
    turn: Mutex<()>,
}

/// A script to be ended.
pub(super) struct Doomed {
    pub(super) open: Open,
    pub(super) streams: Streams,
    pub(super) root: Root,
    pub(super) password: Option<Arc<Password>>,
    /// Its place among the scripts that run at once, given back when it has ended: the sessions that are left then
    /// are enough to end the others.
    pub(super) place: OwnedSemaphorePermit,
}

impl Reaper {
    pub(super) fn new(handle: Arc<Handle<Gate>>, grace: Duration) -> Self {
        Self { handle, grace, turn: Mutex::new(()) }
    }

    /// Answers with what the script has printed when it has ended, or after a while; goes on trying in the background.
    pub(super) async fn end(self: Arc<Self>, doomed: Doomed) -> Streams {
        let (report, reported) = oneshot::channel();
        tokio::spawn(self.pursue(doomed, report));
        reported.await.unwrap_or_default()
    }

    async fn pursue(self: Arc<Self>, doomed: Doomed, report: oneshot::Sender<Streams>) {
        let Doomed { open: Open { mut read, write }, mut streams, root, password, place } = doomed;
        let started = streams.started();
        let killing = self.kill_until_dead(&write, started, (root, password.as_deref()));
        let following = async {
            let patience = Instant::now() + self.grace * 3;
            let ending = follow(&mut read, &mut streams, &|_, _| (), patience).await;
            let _ = report.send(std::mem::take(&mut streams));
            if ending == Ending::Late {
                follow(&mut read, &mut streams, &|_, _| (), Instant::now() + PERSISTENCE).await;
            }
        };
        beside(killing, following).await;
        write.close().await;
        drop(place);
    }

    /// TERM, then KILL: to the process group by a second channel, or, where that cannot be, through the server. Not
    /// both: asked by the server, sudo ends the shell alone and leaves what it started.
    async fn kill_until_dead(
        &self,
        write: &Writer,
        mut pid: watch::Receiver<Option<u32>>,
        root: (Root, Option<&Password>),
    ) -> Result<(), russh::Error> {
        // A busy node may start it only now. Once the channel is closed it can not: the start mark has nowhere to go.
        let Ok(pid) = pid.wait_for(Option::is_some).await.map(|pid| pid.unwrap_or_default()) else { return Ok(()) };
        let mut signal = ("TERM", Sig::TERM);
        loop {
            if !self.kill(pid, signal.0, root).await {
                write.signal(signal.1).await;
            }
            sleep(self.grace).await;
            signal = ("KILL", Sig::KILL);
        }
    }

    /// One after the other, as sshd has few sessions left when many scripts run; and again, should it have none.
    async fn kill(&self, pid: u32, signal: &str, (root, password): (Root, Option<&Password>)) -> bool {
        let _turn = self.turn.lock().await;
        for attempt in 1..=3 {
            match Open::session(&self.handle).await {
                Ok(mut open) => {
                    let mut streams = Streams::default();
                    let until = Instant::now() + self.grace;
                    let text = killer(pid, signal);
                    let script = (text.as_str(), root, false);
                    let Ok(frame) =
                        begun(&mut open, &mut streams, script, (password.map(|one| (one, "")), until)).await
                    else {
                        return false;
                    };
                    let killing = open.write.send(frame, false);
                    beside(killing, follow(&mut open.read, &mut streams, &|_, _| (), until)).await;
                    open.write.close().await;
                    return streams.exit == Some(Exit::Code(0));
                }
                Err(russh::Error::ChannelOpenFailure(_)) => sleep(backoff(attempt)).await,
                Err(_) => return false,
            }
        }
        false
    }
}
