//! One script over one channel.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use russh::client::{Handle, Msg};
use russh::{ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::gate::Gate;
use super::streams::Streams;
use crate::transport::api::Hear;
use crate::transport::frame::{Frame, Root};
use crate::transport::password::{Password, Turn};

/// Largest piece written at once: one packet, as a bigger one across a rekey has broken peers (Eugeny/russh#761).
pub(super) const PIECE: usize = 32 * 1024;
/// How long the channel may stay open after the exit status, while a background child of the script holds its output.
const LINGER: Duration = Duration::from_secs(2);

/// A channel that is closed when it is dropped: russh sends nothing then, and the session would stay allocated on the
/// server until `MaxSessions` is reached.
pub(super) struct Open {
    pub(super) read: ChannelReadHalf,
    pub(super) write: Writer,
}

/// The writing half of [`Open`].
pub(super) struct Writer(Option<ChannelWriteHalf<Msg>>);

impl Open {
    /// Opens a channel. When this future is dropped before the server has answered, the answer is waited for in the
    /// background and the channel closed.
    pub(super) async fn session(handle: &Arc<Handle<Gate>>) -> Result<Self, russh::Error> {
        let handle = Arc::clone(handle);
        let opening = tokio::spawn(async move {
            let (read, write) = handle.channel_open_session().await?.split();
            Ok(Self { read, write: Writer(Some(write)) })
        });
        opening.await.unwrap_or(Err(russh::Error::SendError))
    }
}

impl Writer {
    /// Asks for the command. The reply is not waited for: a refusal comes as a message.
    pub(super) async fn exec(&self, frame: &Frame) -> Result<(), russh::Error> {
        match &self.0 {
            Some(write) => write.exec(true, frame.command.as_str()).await,
            None => Ok(()),
        }
    }

    /// Writes its standard input; `more` leaves that open.
    pub(super) async fn send(&self, frame: Frame, more: bool) -> Result<(), russh::Error> {
        for piece in frame.stdin.chunks(PIECE) {
            self.data(piece.to_vec()).await?;
        }
        if more { Ok(()) } else { self.end_of_input().await }
    }

    async fn password(&self, password: &Turn<'_>) -> Result<(), russh::Error> {
        self.data([password.reveal(), "\n"].concat().into_bytes()).await
    }

    pub(super) async fn data(&self, piece: Vec<u8>) -> Result<(), russh::Error> {
        match &self.0 {
            Some(write) => write.data_bytes(piece).await,
            None => Ok(()),
        }
    }

    pub(super) async fn write(&self, bytes: &'static [u8]) -> Result<(), russh::Error> {
        match &self.0 {
            Some(write) => write.data_bytes(bytes).await,
            None => Ok(()),
        }
    }

    pub(super) async fn end_of_input(&self) -> Result<(), russh::Error> {
        match &self.0 {
            Some(write) => write.eof().await,
            None => Ok(()),
        }
    }

    /// Not every server obeys.
    pub(super) async fn signal(&self, signal: Sig) {
        if let Some(write) = &self.0 {
            let _ = write.signal(signal).await;
        }
    }

    pub(super) async fn close(mut self) {
        if let Some(write) = &self.0 {
            let _ = write.close().await;
        }
        // Only now: when this future is dropped in between, `drop` closes.
        self.0 = None;
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let (Some(write), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move { write.close().await });
        }
    }
}

/// Why a script was not let in.
pub(super) enum Kept {
    /// sudo has asked twice.
    Wrong,
    /// sudo asks for a password that this node has refused.
    Withheld(String),
    Ended(Ending),
}

/// Starts a script, up to where it is to be sent: with a password, when sudo has let us in. A write that fails is no
/// answer: what the server has to say comes by reading.
pub(super) async fn begun(
    open: &mut Open,
    streams: &mut Streams,
    (text, root, held): (&str, Root, bool),
    (password, deadline): (Option<(&Password, &str)>, Instant),
) -> Result<Frame, Kept> {
    let Some(password) = password else {
        let frame = Frame::new(text, root, held);
        let _ = open.write.exec(&frame).await;
        return Ok(frame);
    };
    let frame = Frame::with_password(text, root, held);
    admitted(open, streams, &frame, (password, deadline)).await?;
    Ok(frame)
}

/// Sees a frame with a password to where the script may be sent: the password goes out when sudo asks for it, and only
/// once. A write that fails is no answer: the channel has one.
async fn admitted(
    open: &mut Open,
    streams: &mut Streams,
    frame: &Frame,
    ((password, node), deadline): ((&Password, &str), Instant),
) -> Result<(), Kept> {
    let _ = open.write.exec(frame).await;
    let mut sent: Option<Turn<'_>> = None;
    while !streams.ready() {
        match streams.asked() {
            0 => {}
            1 if sent.is_some() => {}
            1 => {
                // Nothing more comes meanwhile that would have to be read: sudo waits as we do.
                let turn = timeout_at(deadline, password.turn()).await.map_err(|_| Kept::Ended(Ending::Late))?;
                let turn = turn.map_err(Kept::Withheld)?;
                let _ = open.write.password(&turn).await;
                sent = Some(turn);
            }
            _ => {
                if let Some(turn) = sent {
                    turn.refused(node);
                }
                return Err(Kept::Wrong);
            }
        }
        tokio::select! {
            message = open.read.wait() => match message {
                Some(message) => if !streams.take(message, &|_, _| ()) { return Err(Kept::Ended(Ending::Closed)) },
                None => return Err(Kept::Ended(Ending::Lost)),
            },
            () = sleep_until(deadline) => return Err(Kept::Ended(Ending::Late)),
        }
    }
    sent.into_iter().for_each(Turn::taken);
    Ok(())
}

/// How following a channel came to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The server closed it, or the script has ended and only its children hold the output.
    Closed,
    /// The connection is gone.
    Lost,
    /// Not ended by the deadline.
    Late,
}

/// Reads until the channel ends or `deadline`. Never stops reading for anything else: an undrained channel stalls all
/// the others of its connection and its keepalives (russh delivers in its session loop, `client/encrypted.rs`).
pub(super) async fn follow(
    read: &mut ChannelReadHalf,
    streams: &mut Streams,
    hear: Hear<'_>,
    deadline: Instant,
) -> Ending {
    loop {
        let over = streams.exit.is_some();
        let until = if over { deadline.min(Instant::now() + LINGER) } else { deadline };
        tokio::select! {
            message = read.wait() => match message {
                Some(message) => if !streams.take(message, hear) { return Ending::Closed },
                None if over && streams.eof => return Ending::Closed,
                None => return Ending::Lost,
            },
            () = sleep_until(until) => return if over { Ending::Closed } else { Ending::Late },
        }
    }
}

/// Reads until the script has printed a whole line.
pub(super) async fn until_first_line(
    read: &mut ChannelReadHalf,
    streams: &mut Streams,
    deadline: Instant,
) -> Result<String, Ending> {
    while streams.first_line().is_none() {
        tokio::select! {
            message = read.wait() => match message {
                Some(message) => if !streams.take(message, &|_, _| ()) { return Err(Ending::Closed) },
                None => return Err(Ending::Lost),
            },
            () = sleep_until(deadline) => return Err(Ending::Late),
        }
    }
    streams.first_line().ok_or(Ending::Closed)
}

/// Runs `writing` beside `reading` until the latter ends. A failed write is no answer: what the server has to say
/// comes by reading.
pub(super) async fn beside<T>(
    writing: impl Future<Output = Result<(), russh::Error>>,
    reading: impl Future<Output = T>,
) -> T {
    let writing = writing.then(|_| futures::future::pending::<Infallible>());
    tokio::select! {
        ending = reading => ending,
        never = writing => match never {},
    }
}
