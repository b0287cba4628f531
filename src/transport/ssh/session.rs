//! One authenticated connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use russh::client::Handle;
use russh::{ChannelOpenFailure, Disconnect};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};

use super::feed::{Told, feed};
use super::gate::Gate;
use super::hold::Hold;
use super::ramp::backoff;
use super::reap::{Doomed, Reaper};
use super::run::{Ending, Kept, Open, begun, beside, follow, until_first_line};
use super::streams::Streams;
use crate::transport::api::{Exit, Hear, Held, HoldError, Input, Outcome, RunError, Script, Session};
use crate::transport::capture::ByLine;
use crate::transport::frame::{Frame, Root, wants_terminal};
use crate::transport::password::Password;
use crate::transport::target::{Become, Limits, Target};

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

pub(super) struct SshSession {
    handle: Arc<Handle<Gate>>,
    over: watch::Receiver<Option<String>>,
    target: Arc<Target>,
    limits: Arc<Limits>,
    channels: Arc<Semaphore>,
    reaper: Arc<Reaper>,
    way: Duration,
    /// sudo has refused for want of a terminal (`requiretty`).
    terminal: AtomicBool,
}

impl SshSession {
    pub(super) fn new(
        (handle, way): (Handle<Gate>, Duration),
        over: watch::Receiver<Option<String>>,
        target: Arc<Target>,
        limits: Arc<Limits>,
    ) -> Self {
        let handle = Arc::new(handle);
        let channels = Arc::new(Semaphore::new(limits.channels.max(1)));
        let reaper = Arc::new(Reaper::new(Arc::clone(&handle), limits.kill_grace));
        Self { handle, over, target, limits, channels, reaper, way, terminal: AtomicBool::new(false) }
    }

    fn root(&self, wanted: bool) -> Root {
        match self.target.become_root {
            _ if !wanted => Root::No,
            Become::None => Root::Already,
            Become::Auto if self.target.user == "root" => Root::No,
            _ if self.terminal.load(Ordering::Relaxed) => Root::SudoOnTerminal,
            Become::Sudo => Root::Sudo,
            Become::Auto => Root::IfNeeded,
        }
    }

    /// Whether a script that was refused is worth another try, on a terminal: nothing has run. `had`: it had one.
    fn on_terminal(&self, error: &RunError, had: bool) -> bool {
        let wanted = !had && matches!(error, RunError::Privilege { said, .. } if wants_terminal(said));
        self.terminal.fetch_or(wanted, Ordering::Relaxed);
        wanted
    }

    /// A channel with the script on its way, before `deadline`. Beyond what sshd allows (`MaxSessions`) the others of
    /// ours are waited for.
    async fn open(&self, deadline: Instant) -> Result<Open, RunError> {
        let mut attempt = 0;
        loop {
            let refusal = match timeout_at(deadline, Open::session(&self.handle)).await {
                Ok(Ok(open)) => return Ok(open),
                Ok(Err(russh::Error::ChannelOpenFailure(reason))) => describe(&reason),
                Ok(Err(error)) => return Err(self.lost(&error.to_string()).await),
                Err(_) => "the server did not answer in time".to_owned(),
            };
            attempt += 1;
            let wait = backoff(attempt);
            if Instant::now() + wait > deadline || self.alone() {
                return Err(RunError::NotStarted(format!("no session to run it in: {refusal}")));
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Whether none of our other scripts holds a channel that could become free.
    fn alone(&self) -> bool {
        self.channels.available_permits() + 1 >= self.limits.channels.max(1)
    }

    /// A script without input, once more on a terminal where `sudo` has refused for want of one.
    async fn run_again(&self, script: &Script, hear: Hear<'_>) -> Result<Outcome, RunError> {
        let had = self.terminal.load(Ordering::Relaxed);
        match self.run_script(script, None, hear).await {
            Err(error) if self.on_terminal(&error, had) => self.run_script(script, None, hear).await,
            ran => ran,
        }
    }

    async fn run_script(&self, script: &Script, input: Option<Input<'_>>, hear: Hear<'_>) -> Result<Outcome, RunError> {
        let deadline = Instant::now() + script.timeout;
        let place = timeout_at(deadline, Arc::clone(&self.channels).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(RunError::NotStarted(format!("no channel was free within {:?}", script.timeout)));
        };
        let root = self.root(script.become_root);
        let asked = Instant::now();
        let mut open = self.open(deadline).await?;
        // Both have work of servers in them; the shorter one less.
        let round_trip = self.way.min(asked.elapsed());
        let mut streams = Streams::default();
        let ending = match self.started(&mut open, &mut streams, (script, root, input.is_some()), deadline).await? {
            Start::Send(frame) => {
                let told = Told { started: streams.started(), window: streams.window() };
                let feeding = feed(&open.write, frame, input, (told, round_trip));
                let reading = follow(&mut open.read, &mut streams, hear, deadline);
                tokio::select! {
                    ending = reading => Ok(ending),
                    unread = feeding => unread.map(|never| match never {}),
                }
            }
            Start::Ended(ending) => Ok(ending),
        };
        match ending {
            Ok(Ending::Closed) => {
                open.write.close().await;
                self.finished(streams)
            }
            Ok(Ending::Lost) => Err(self.lost("closed").await),
            Ok(Ending::Late) => {
                let outcome = self.end(open, streams, (root, place)).await;
                Err(RunError::TimedOut(script.timeout, outcome))
            }
            // Ended before its channel is closed: that would tell its commands that they have read all.
            Err(unread) => {
                let outcome = self.end(open, streams, (root, place)).await;
                Err(RunError::Input(unread.to_string(), outcome))
            }
        }
    }

    async fn end(&self, open: Open, streams: Streams, (root, place): (Root, OwnedSemaphorePermit)) -> Box<Outcome> {
        let password = self.target.sudo_password.clone();
        let doomed = Doomed { open, streams, root, password, place };
        Box::new(Arc::clone(&self.reaper).end(doomed).await.finish())
    }

    /// A hold does not count among the scripts that run at once: it may last as long as all of them.
    async fn hold_script(&self, script: &Script, heartbeat: Duration) -> Result<Held, HoldError> {
        let deadline = Instant::now() + script.timeout;
        let root = self.root(script.become_root);
        let mut open = self.open(deadline).await?;
        let mut streams = Streams::default();
        let ending = match self.started(&mut open, &mut streams, (script, root, true), deadline).await? {
            Start::Send(frame) => {
                let writing = open.write.send(frame, true);
                beside(writing, until_first_line(&mut open.read, &mut streams, deadline)).await
            }
            Start::Ended(ending) => Err(ending),
        };
        match ending {
            Ok(first) => Ok((first, Box::new(Hold::keep(open, streams, heartbeat)))),
            Err(Ending::Closed) => {
                open.write.close().await;
                Err(HoldError::Ended(Box::new(self.finished(streams)?)))
            }
            Err(Ending::Lost) => Err(self.lost("closed").await.into()),
            Err(Ending::Late) => {
                open.write.close().await;
                Err(RunError::TimedOut(script.timeout, Box::new(streams.finish())).into())
            }
        }
    }

    /// The password that sudo is given there.
    fn password(&self, root: Root) -> Option<(&Password, &str)> {
        let password = self.target.sudo_password.as_deref().filter(|_| !matches!(root, Root::No | Root::Already));
        password.map(|password| (password, self.target.name.as_str()))
    }

    /// Up to where the script is to be sent.
    async fn started(
        &self,
        open: &mut Open,
        streams: &mut Streams,
        (script, root, held): (&Script, Root, bool),
        deadline: Instant,
    ) -> Result<Start, RunError> {
        let script = (script.text.as_str(), root, held);
        match begun(open, streams, script, (self.password(root), deadline)).await {
            Ok(frame) => Ok(Start::Send(frame)),
            Err(Kept::Ended(ending)) => Ok(Start::Ended(ending)),
            Err(Kept::Withheld(node)) => {
                let user = &self.target.user;
                Err(RunError::Privilege {
                    what: format!("sudo asks for the password of {user}, which {node} has refused"),
                    said: "it was not sent again, as accounts are locked for less".to_owned(),
                    remedy: "run the same command again with the right password".to_owned(),
                })
            }
            Err(Kept::Wrong) => {
                let user = &self.target.user;
                Err(RunError::Privilege {
                    what: format!("sudo does not take the password of {user}"),
                    said: streams.noise().0,
                    remedy: "run the same command again with the right password; it was tried once".to_owned(),
                })
            }
        }
    }

    fn finished(&self, streams: Streams) -> Result<Outcome, RunError> {
        if streams.pid().is_some() {
            return Ok(streams.finish());
        }
        let (said, sudo_asked) = streams.noise();
        if sudo_asked {
            return Err(self.denied(streams.exit.as_ref(), said));
        }
        let why = match (streams.refused, said.is_empty()) {
            (true, _) => "the server refuses to run commands".to_owned(),
            (false, true) => format!("the login shell of {} ended with {:?}", self.target.user, streams.exit),
            (false, false) => said,
        };
        Err(RunError::NotStarted(why))
    }

    fn denied(&self, exit: Option<&Exit>, said: String) -> RunError {
        let user = &self.target.user;
        if self.target.become_root == Become::None {
            let what = format!("{user} is not root, and `become: none` lets it not become root");
            let remedy = "log in as root (`user: root`), or let it use sudo (`become: auto`)".to_owned();
            return RunError::Privilege { what, said, remedy };
        }
        let what = format!("{user} may not become root without a password");
        RunError::Privilege { what, remedy: remedy(user, exit, &said), said }
    }

    /// The reason for the end comes from russh's own task, maybe a little later than the end itself.
    async fn lost(&self, otherwise: &str) -> RunError {
        let mut over = self.over.clone();
        let why = timeout(GOODBYE, over.wait_for(Option::is_some)).await;
        let why = why.ok().and_then(Result::ok).and_then(|why| why.clone());
        RunError::Lost(why.unwrap_or_else(|| otherwise.to_owned()))
    }
}

/// How far a frame came.
enum Start {
    /// It is to be sent.
    Send(Frame),
    Ended(Ending),
}

/// What to do where sudo refuses.
fn remedy(user: &str, exit: Option<&Exit>, said: &str) -> String {
    if exit == Some(&Exit::Code(127)) {
        return "install `sudo` on the node, or log in as root (`user: root`)".to_owned();
    }
    if said.starts_with("doas:") {
        let line = format!("permit nopass {user} as root");
        return format!(
            "on the node, as root: `echo '{line}' >>/etc/doas.conf`, or install `sudo`, or log in as root (`user: root`)"
        );
    }
    let line = if wants_terminal(said) {
        format!("Defaults:{user} !requiretty")
    } else {
        format!("{user} ALL=(ALL) NOPASSWD: ALL")
    };
    let password =
        if said.contains("password is required") { "give the password (`--ask-sudo-password`), or " } else { "" };
    format!(
        "{password}on the node, as root: `echo '{line}' >>/etc/sudoers.d/bricklayer`, or log in as root (`user: root`)"
    )
}

fn describe(reason: &ChannelOpenFailure) -> String {
    match reason {
        ChannelOpenFailure::AdministrativelyProhibited => "the server prohibits sessions".to_owned(),
        ChannelOpenFailure::ConnectFailed | ChannelOpenFailure::ResourceShortage => {
            "the server has no more sessions to give (`MaxSessions`)".to_owned()
        }
        ChannelOpenFailure::UnknownChannelType => "the server knows no sessions".to_owned(),
        ChannelOpenFailure::Other { code, reason } => format!("`{reason}` ({code})"),
    }
}

impl Session for SshSession {
    fn run<'a>(
        &'a self,
        script: &'a Script,
        line: &'a (dyn Fn(&str) + Send + Sync),
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        async move {
            let lines = ByLine::new(line);
            let outcome = self.run_again(script, &|side, bytes| lines.hear(side, bytes)).await;
            lines.finish();
            outcome
        }
        .boxed()
    }

    fn stream<'a>(
        &'a self,
        script: &'a Script,
        input: Option<Input<'a>>,
        hear: Hear<'a>,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        async move {
            if input.is_none() {
                return self.run_again(script, hear).await;
            }
            // Input is read once: how root is to be had is found out before.
            if matches!(self.root(script.become_root), Root::IfNeeded | Root::Sudo) {
                self.run_again(&Script { text: "true".to_owned(), ..script.clone() }, &|_, _| ()).await?;
            }
            self.run_script(script, input, hear).await
        }
        .boxed()
    }

    fn hold<'a>(&'a self, script: &'a Script, heartbeat: Duration) -> BoxFuture<'a, Result<Held, HoldError>> {
        async move {
            let had = self.terminal.load(Ordering::Relaxed);
            match self.hold_script(script, heartbeat).await {
                Err(HoldError::Run(error)) if self.on_terminal(&error, had) => {
                    self.hold_script(script, heartbeat).await
                }
                held => held,
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async {
            let _ = self.handle.disconnect(Disconnect::ByApplication, "", "").await;
            let mut over = self.over.clone();
            let _ = timeout(GOODBYE, over.wait_for(Option::is_some)).await;
        }
        .boxed()
    }
}
