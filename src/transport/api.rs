//! What the rest of the program knows of a transport.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::AsyncRead;

use crate::model::{NodeName, Side};

/// A script for one node. It travels on standard input, never in an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// POSIX sh. The transport frames it, so that the node has read all of it before the first line runs,
    /// and gives its commands an empty standard input.
    pub text: String,
    /// Run as root: through `sudo -n` where the login user is not root.
    pub become_root: bool,
    /// After this long the step is ended (signal, then channel close) and [`RunError::TimedOut`] is the answer.
    pub timeout: Duration,
}

/// How a remote command ended. A missing status is not 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this exit code.
    Code(u32),
    /// By this signal, named without `SIG`.
    Signal(String),
    /// The channel closed without saying.
    Missing,
}

/// Is handed what a script writes, as it comes and in the pieces in which it comes.
pub type Hear<'a> = &'a (dyn Fn(Side, &[u8]) + Send + Sync);

/// Read by the commands of a script as their standard input.
pub type Input<'a> = &'a mut (dyn AsyncRead + Send + Unpin);

/// Output kept in bounded memory: the beginning and the end; what lay between is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// What was kept, lossily as UTF-8, with a line `[.. N bytes left out ..]` where something was dropped.
    pub text: String,
    /// All bytes that came.
    pub total: u64,
}

/// What came of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub exit: Exit,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
}

/// Why no session came about.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing answers: timeout, refused, no route, name not known.
    #[error("{address} does not answer: {cause}")]
    Unreachable {
        /// `host:port`.
        address: String,
        /// In a few words.
        cause: String,
    },
    /// The host key is not the known one. Final, never retried, found before any credential is sent.
    #[error("the host key of {host} has changed: {found} instead of the one in {file}:{line}")]
    HostKeyChanged {
        /// As `known_hosts` names it: `name` or `[name]:port`.
        host: String,
        /// Fingerprint that the host showed.
        found: String,
        /// The file that holds the other key.
        file: String,
        /// Its line there.
        line: usize,
        /// The exact command that forgets the old key.
        remedy: String,
    },
    /// The host key is not known, and the policy does not accept it.
    #[error("the host key of {host} is not known: {found}")]
    HostKeyUnknown {
        /// As `known_hosts` names it.
        host: String,
        /// Fingerprint that the host showed.
        found: String,
        /// The exact command that makes it known, to be run once the fingerprint was compared.
        remedy: String,
    },
    /// The server would not let us in.
    #[error("{user}@{address} refused us: tried {tried}; the server allows {allowed}")]
    Refused {
        /// Login user.
        user: String,
        /// `host:port`.
        address: String,
        /// What was tried, in order.
        tried: String,
        /// What the server says it would take.
        allowed: String,
    },
    /// Something on our side: an unreadable key file, no agent, not enough open files.
    #[error("{0}")]
    Local(String),
    /// The host key is revoked (`@revoked`, `RevokedHostKeys`): nobody may use it any more. Final, found before any
    /// credential is sent.
    #[error("the host key of {host} is revoked by {place}: {found}")]
    HostKeyRevoked {
        /// As `known_hosts` names it.
        host: String,
        /// Fingerprint that the host showed.
        found: String,
        /// The file that says so, with the line where it has lines.
        place: String,
    },
    /// Something answers, but no SSH connection came of it: no common algorithm, not an SSH server, or closed
    /// at once again and again (a full `MaxStartups`).
    #[error("no SSH handshake with {address}: {cause}")]
    Handshake {
        /// `host:port`.
        address: String,
        /// In a few words.
        cause: String,
    },
}

/// Why a script has no outcome. After [`TimedOut`](Self::TimedOut) and [`Lost`](Self::Lost) the state of the node is
/// unknown until it is looked at; after the others nothing has run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RunError {
    /// It did not end in time; what it had printed is kept.
    #[error("timed out after {0:?}")]
    TimedOut(Duration, Box<Outcome>),
    /// The connection broke while it ran.
    #[error("connection lost while it ran: {0}")]
    Lost(String),
    /// The script wants root, and the login user is not and does not become it. Nothing ran.
    #[error("{what}: {said}; {remedy}")]
    Privilege {
        /// Who may not, and why.
        what: String,
        /// What was said on the node, in one line.
        said: String,
        /// What to do about it.
        remedy: String,
    },
    /// The login shell or the server did not start the script (no shell account, a forced command, no session left).
    /// Nothing ran.
    #[error("the script did not start: {0}")]
    NotStarted(String),
    /// What it was to be given as input could not be read here. It was ended when half of it had come, and never saw the
    /// end of it, unless the outcome does not say how it ended.
    #[error("its input cannot be read on this machine: {0}")]
    Input(String, Box<Outcome>),
}

/// Why a held script gave no first line.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HoldError {
    /// It ended instead; its outcome is inside.
    #[error("ended with {:?}", .0.exit)]
    Ended(Box<Outcome>),
    /// As for a plain run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Something held on a node for as long as this lives: dropping it, losing the connection, or no heartbeat for
/// a while lets go.
pub trait Holding: Send + Sync {
    /// Lets go and waits until the node has.
    fn release(self: Box<Self>) -> BoxFuture<'static, ()>;
    /// False once the node has let go by itself, or must be taken to have: no heartbeat was sent for too long.
    fn alive(&self) -> bool;
}

/// The first line that a held script printed, and the hold.
pub type Held = (String, Box<dyn Holding>);

/// One authenticated connection to one node; many channels.
pub trait Session: Send + Sync {
    /// Runs a script to its end. Each line of standard output and standard error is also handed to `line` as it
    /// comes (without its newline, lossily as UTF-8), for live views.
    fn run<'a>(
        &'a self,
        script: &'a Script,
        line: &'a (dyn Fn(&str) + Send + Sync),
    ) -> BoxFuture<'a, Result<Outcome, RunError>>;

    /// Runs a script to its end whose commands read `input`, or nothing; both outputs are handed to `hear` as they come,
    /// byte for byte. What is written to `input` in vain, because nobody reads it any more, is no error.
    fn stream<'a>(
        &'a self,
        script: &'a Script,
        input: Option<Input<'a>>,
        hear: Hear<'a>,
    ) -> BoxFuture<'a, Result<Outcome, RunError>>;

    /// Starts a script that prints one line when it has what it wants and then waits on its standard input, on
    /// which a newline arrives every `heartbeat`; end of input means let go. Answers with that first line.
    fn hold<'a>(&'a self, script: &'a Script, heartbeat: Duration) -> BoxFuture<'a, Result<Held, HoldError>>;

    /// Says goodbye. The connection also ends when the session is dropped.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Opens sessions. A retry policy for what may be retried (a full `MaxStartups`) is inside.
pub trait Transport: Send + Sync {
    /// Connects, checks the host key, authenticates. Whether `sudo` is needed, and works, the first script that wants
    /// root finds out on the way ([`RunError::Privilege`]): no round trip is spent on asking.
    fn connect<'a>(&'a self, node: &'a NodeName) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>>;
}
