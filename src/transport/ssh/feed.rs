//! What goes into a script after its text.

use std::convert::Infallible;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::sync::watch;
use tokio::time::timeout;

use super::run::{PIECE, Writer};
use crate::transport::api::{Input, RunError};
use crate::transport::frame::Frame;

/// How many bytes may be on their way and not yet taken by the script. sshd grants a window of 2 MiB, and its buffer
/// grows with what it holds: filled to the brim it costs sshd three times the CPU of one that is kept low (measured).
const ON_THE_WAY: u64 = 384 * 1024;
/// A server that takes so long to say that something was taken says it seldom: more may be on its way.
const PATIENCE: Duration = Duration::from_millis(50);

/// Sends a script and what its commands read. Fails only where that cannot be read here: what the server has to say
/// comes by reading, and is the answer then.
pub(super) async fn feed(
    write: &Writer,
    frame: Frame,
    input: Option<Input<'_>>,
    window: watch::Receiver<Option<u32>>,
) -> Result<Infallible, RunError> {
    let sent = match input {
        None => write.send(frame, false).await,
        Some(input) => match write.send(frame, true).await {
            Ok(()) => pour(write, input, window).await?,
            gone => gone,
        },
    };
    if sent.is_err() {
        tracing::debug!("the channel takes no more input");
    }
    std::future::pending().await
}

async fn pour(
    write: &Writer,
    input: Input<'_>,
    window: watch::Receiver<Option<u32>>,
) -> Result<Result<(), russh::Error>, RunError> {
    let mut pace = Pace { window, first: None, last: 0, sent: 0, most: ON_THE_WAY };
    loop {
        let mut piece = vec![0; PIECE];
        let read = input.read(&mut piece).await.map_err(|error| RunError::Input(error.to_string()))?;
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
    window: watch::Receiver<Option<u32>>,
    /// The window when it was first told of; as good as all that had been sent was taken then.
    first: Option<u32>,
    /// The one last told of.
    last: u32,
    /// Bytes sent since then.
    sent: u64,
    most: u64,
}

impl Pace {
    async fn wait(&mut self, more: u64) {
        self.hear();
        while self.on_the_way() + more > self.most {
            match timeout(PATIENCE, self.window.changed()).await {
                Ok(Ok(())) => self.hear(),
                Ok(Err(_)) => break,
                Err(_) => self.most *= 2,
            }
        }
        self.sent += more;
    }

    fn hear(&mut self) {
        if self.window.has_changed().unwrap_or(false)
            && let Some(now) = *self.window.borrow_and_update()
        {
            self.first.get_or_insert(now);
            self.last = now;
            self.sent = 0;
        }
    }

    fn on_the_way(&self) -> u64 {
        self.sent + self.first.map_or(0, |first| u64::from(first.saturating_sub(self.last)))
    }
}
