//! What goes into a script after its text.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;
use tokio::time::timeout;

use super::run::{PIECE, Writer};
use crate::transport::api::Input;
use crate::transport::frame::Frame;

/// How many bytes may be on their way and not yet taken by the script. sshd grants a window of 2 MiB, and its buffer
/// grows with what it holds: filled to the brim it costs sshd three times the CPU of one that is kept low (measured).
const ON_THE_WAY: u64 = 256 * 1024;
/// As much more for each of these that a round trip takes, up to all of that window: a long way holds more.
const FAR: Duration = Duration::from_millis(25);
const FARTHEST: u64 = 8;
/// A server that has never said that something was taken says it seldom, if the script has been there for so long: more
/// may be on its way.
const SELDOM: Duration = Duration::from_secs(1);
/// The same for one that has said so before. It may just be busy.
const BUSY: Duration = Duration::from_secs(3);

/// What is told of a channel meanwhile.
pub(super) struct Told {
    /// The script runs.
    pub(super) started: watch::Receiver<Option<u32>>,
    /// How many bytes the server would take at once.
    pub(super) window: watch::Receiver<Option<u32>>,
}

/// Sends a script and what its commands read. Fails only where that cannot be read here; the end of input is not sent
/// then, as half of it would be taken for all. What the server has to say comes by reading.
pub(super) async fn feed(
    write: &Writer,
    frame: Frame,
    input: Option<Input<'_>>,
    (told, round_trip): (Told, Duration),
) -> io::Result<Infallible> {
    let sent = match input {
        None => write.send(frame, false).await,
        Some(input) => match write.send(frame, true).await {
            Ok(()) => pour(write, input, Pace::new(told, round_trip)).await?,
            gone => gone,
        },
    };
    if sent.is_err() {
        tracing::debug!("the channel takes no more input");
    }
    std::future::pending().await
}

async fn pour(write: &Writer, input: Input<'_>, mut pace: Pace) -> io::Result<Result<(), russh::Error>> {
    loop {
        let mut piece = vec![0; PIECE];
        let read = input.read(&mut piece).await?;
        if read == 0 {
            return Ok(write.end_of_input().await);
        }
        piece.truncate(read);
        pace.wait(read as u64).await;
        if let Err(gone) = write.data(piece).await {
            return Ok(Err(gone));
        }
    }
}

/// Keeps what is on its way low, by what the server says of the window that is left.
struct Pace {
    told: Told,
    /// The window when it was first told of; as good as all that had been sent was taken then.
    first: Option<u32>,
    /// The one last told of.
    last: u32,
    /// Bytes sent since then.
    sent: u64,
    most: u64,
}

impl Pace {
    fn new(told: Told, round_trip: Duration) -> Self {
        let far = 1 + u64::try_from(round_trip.as_millis() / FAR.as_millis()).unwrap_or(FARTHEST);
        Self { told, first: None, last: 0, sent: 0, most: ON_THE_WAY * far.min(FARTHEST) }
    }

    async fn wait(&mut self, more: u64) {
        if self.told.window.has_changed().unwrap_or(false) {
            self.hear();
        }
        while self.on_the_way() + more > self.most {
            match timeout(self.patience().await, self.told.window.changed()).await {
                Ok(Ok(())) => self.hear(),
                Ok(Err(_)) => break,
                Err(_) => self.most *= 2,
            }
        }
        self.sent += more;
    }

    async fn patience(&mut self) -> Duration {
        if self.first.is_some() {
            return BUSY;
        }
        // Gone is as good as there: then nothing is taken any more.
        let _ = self.told.started.wait_for(Option::is_some).await;
        SELDOM
    }

    fn hear(&mut self) {
        if let Some(now) = *self.told.window.borrow_and_update() {
            self.first.get_or_insert(now);
            self.last = now;
            self.sent = 0;
        }
    }

    fn on_the_way(&self) -> u64 {
        self.sent + self.first.map_or(0, |first| u64::from(first.saturating_sub(self.last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(round_trip: u64) -> (Pace, watch::Sender<Option<u32>>, watch::Sender<Option<u32>>) {
        let (start, started) = watch::channel(None);
        let (grant, window) = watch::channel(None);
        (Pace::new(Told { started, window }, Duration::from_millis(round_trip)), start, grant)
    }

    async fn sent(pace: &mut Pace, bytes: u64, within: Duration) -> bool {
        timeout(within, pace.wait(bytes)).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_taken_makes_room_as_soon_as_it_is_told() {
        let (mut pace, _start, grant) = pace(0);
        let at_once = Duration::from_millis(1);
        assert!(sent(&mut pace, ON_THE_WAY, at_once).await);
        assert!(!sent(&mut pace, 1, at_once).await);
        grant.send_replace(Some(2_000_000));
        assert!(sent(&mut pace, ON_THE_WAY, at_once).await);
        // While it waits.
        let (told, ()) = tokio::join!(sent(&mut pace, 1000, at_once), async {
            tokio::task::yield_now().await;
            grant.send_replace(Some(2_000_000 - 1000));
        });
        assert!(told);
        assert_eq!(pace.on_the_way(), 2000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_it_seldom_gets_more_once_the_script_runs() {
        let (mut pace, start, _grant) = pace(0);
        assert!(sent(&mut pace, ON_THE_WAY, SELDOM).await);
        assert!(!sent(&mut pace, 1, 10 * SELDOM).await);
        start.send_replace(Some(4711));
        assert!(sent(&mut pace, ON_THE_WAY, 2 * SELDOM).await);
        assert_eq!(pace.most, 2 * ON_THE_WAY);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_way_holds_more() {
        assert_eq!(pace(20).0.most, ON_THE_WAY);
        assert_eq!(pace(60).0.most, 3 * ON_THE_WAY);
        assert_eq!(pace(900).0.most, FARTHEST * ON_THE_WAY);
    }
}
