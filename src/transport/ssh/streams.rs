//! What comes back from a script.

use russh::{ChannelMsg, Sig};
use tokio::sync::watch;

use crate::model::Side;
use crate::transport::api::{Exit, Hear, Outcome};
use crate::transport::capture::Capture;
use crate::transport::frame::Prelude;

#[derive(Default)]
struct Stream {
    prelude: Prelude,
    capture: Capture,
}

impl Stream {
    fn push(&mut self, bytes: &[u8], side: Side, hear: Hear<'_>) {
        let own = self.prelude.strip(bytes);
        self.capture.push(own);
        if !own.is_empty() {
            hear(side, own);
        }
    }
}

/// Both outputs and the exit, gathered from channel messages.
#[derive(Default)]
pub(super) struct Streams {
    stdout: Stream,
    stderr: Stream,
    started: watch::Sender<Option<u32>>,
    window: watch::Sender<Option<u32>>,
    pub(super) exit: Option<Exit>,
    /// The server has said that no more output comes.
    pub(super) eof: bool,
    /// The server would not run the command at all.
    pub(super) refused: bool,
}

impl Streams {
    /// Takes a message in. False when it was the last one of the channel.
    pub(super) fn take(&mut self, message: ChannelMsg, hear: Hear<'_>) -> bool {
        match message {
            ChannelMsg::Data { data } => {
                self.stdout.push(&data, Side::Out, hear);
                if self.pid().is_none() {
                    self.started.send_replace(self.stdout.prelude.started());
                }
            }
            ChannelMsg::ExtendedData { data, ext: 1 } => self.stderr.push(&data, Side::Err, hear),
            ChannelMsg::ExitStatus { exit_status } => self.exit = Some(Exit::Code(exit_status)),
            ChannelMsg::ExitSignal { signal_name, .. } => self.exit = Some(Exit::Signal(name(&signal_name))),
            ChannelMsg::WindowAdjusted { new_size } => drop(self.window.send_replace(Some(new_size))),
            ChannelMsg::Eof => self.eof = true,
            ChannelMsg::Failure => self.refused = true,
            ChannelMsg::Close => return false,
            _ => {}
        }
        true
    }

    /// The shell that runs the script, once it does.
    pub(super) fn pid(&self) -> Option<u32> {
        *self.started.borrow()
    }

    /// For somebody who wants to know as soon as it does.
    pub(super) fn started(&self) -> watch::Receiver<Option<u32>> {
        self.started.subscribe()
    }

    /// How many bytes the server would take at once, each time it says so.
    pub(super) fn window(&self) -> watch::Receiver<Option<u32>> {
        self.window.subscribe()
    }

    /// How often sudo has asked for a password.
    pub(super) fn asked(&self) -> usize {
        self.stderr.prelude.asked()
    }

    /// The script may be sent.
    pub(super) fn ready(&self) -> bool {
        self.stdout.prelude.ready()
    }

    /// The first line of standard output, once it is whole.
    pub(super) fn first_line(&self) -> Option<String> {
        self.stdout.capture.first_line()
    }

    /// What was printed instead of starting the script, and whether sudo had been asked.
    pub(super) fn noise(&self) -> (String, bool) {
        let (out, _) = self.stdout.prelude.noise();
        let (err, asked) = self.stderr.prelude.noise();
        if asked || out.is_empty() { (err, asked) } else { ([out, err].join(" ").trim_end().to_owned(), asked) }
    }

    pub(super) fn finish(self) -> Outcome {
        Outcome {
            exit: self.exit.unwrap_or(Exit::Missing),
            stdout: self.stdout.capture.finish(),
            stderr: self.stderr.capture.finish(),
        }
    }
}

fn name(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => name.clone(),
        // The other variants are named as the protocol names them.
        other => format!("{other:?}"),
    }
}
