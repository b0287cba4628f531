//! A scripted transport for tests of whoever uses one.
//!
//! It is told beforehand which script on which node has which outcome, keeps what was asked of it in order, and fails
//! on what it was not told of: the call panics, and, since the panic may be caught in a task, dropping the last copy of
//! the fake panics again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};

use super::api::{
    Captured, ConnectError, Exit, Hear, Held, HoldError, Holding, Input, Outcome, RunError, Script, Session, Transport,
};
use crate::model::{NodeName, Side};

/// What was asked of the fake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Transport::connect`].
    Connect(NodeName),
    /// [`Session::run`], with the script's text.
    Run(NodeName, String),
    /// [`Session::hold`], with the script's text.
    Hold(NodeName, String),
    /// A hold let go, by [`Holding::release`] or by being dropped.
    Release(NodeName),
    /// [`Session::close`].
    Close(NodeName),
}

/// What comes of a script.
pub type Reply = Result<Outcome, RunError>;

/// Ended with this exit code and standard output.
pub fn reply(code: u32, stdout: &str) -> Reply {
    let stdout = Captured { text: stdout.to_owned(), total: stdout.len() as u64 };
    Ok(Outcome { exit: Exit::Code(code), stdout, stderr: Captured::default() })
}

fn printed(reply: &Reply) -> Option<&Outcome> {
    match reply {
        Ok(outcome) => Some(outcome),
        Err(RunError::TimedOut(_, outcome)) => Some(outcome),
        Err(_) => None,
    }
}

/// Whether a script is meant.
type Matches = Box<dyn Fn(&Script) -> bool + Send>;

struct Rule {
    node: NodeName,
    /// For the message when a script matches none.
    what: String,
    matches: Matches,
    /// Used in order; the last one stays, unless it is to be used once.
    replies: Vec<Reply>,
    once: bool,
}

impl Rule {
    fn containing(node: &str, part: &str, reply: Reply, once: bool) -> Self {
        let owned = part.to_owned();
        let matches = Box::new(move |script: &Script| script.text.contains(&owned));
        Self { node: node.into(), what: part.to_owned(), matches, replies: vec![reply], once }
    }
}

#[derive(Default)]
struct Told {
    rules: Vec<Rule>,
    unreachable: HashMap<NodeName, ConnectError>,
    nodes: Vec<NodeName>,
    calls: Vec<Call>,
    unexpected: Vec<String>,
    /// Held things the node lets go of by itself.
    broken: Vec<NodeName>,
}

/// Told what to answer before, asked what happened after. Clones are the same fake.
#[derive(Clone, Default)]
pub struct FakeTransport(Arc<Shared>);

#[derive(Default)]
struct Shared(Mutex<Told>);

impl FakeTransport {
    /// Knows no node.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets this node be connected to. Rules for a node do that as well.
    #[must_use]
    pub fn node(self, node: &str) -> Self {
        self.told().nodes.push(node.into());
        self
    }

    /// Every script on `node` that contains `part` ends like this. Of several rules that match, the latest counts.
    #[must_use]
    pub fn on(self, node: &str, part: &str, reply: Reply) -> Self {
        self.rule(Rule::containing(node, part, reply, false))
    }

    /// As [`on`](Self::on), but only the next time.
    #[must_use]
    pub fn once(self, node: &str, part: &str, reply: Reply) -> Self {
        self.rule(Rule::containing(node, part, reply, true))
    }

    /// Every script on `node` that `matches` says yes to; `replies` are used in order, the last one again and again.
    #[must_use]
    pub fn on_match(self, node: &str, matches: impl Fn(&Script) -> bool + Send + 'static, replies: Vec<Reply>) -> Self {
        let (matches, what) = (Box::new(matches), "a predicate".to_owned());
        self.rule(Rule { node: node.into(), what, matches, replies, once: false })
    }

    /// Connecting to `node` fails like this.
    #[must_use]
    pub fn unreachable(self, node: &str, error: ConnectError) -> Self {
        self.told().unreachable.insert(node.into(), error);
        self
    }

    /// From now on what is held on `node` is not alive, as if the connection had broken.
    pub fn break_holds(&self, node: &str) {
        self.told().broken.push(node.into());
    }

    /// What was asked so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.told().calls.clone()
    }

    /// The texts of the scripts that ran on `node`, in order.
    pub fn scripts(&self, node: &str) -> Vec<String> {
        let of_node = |call: &Call| match call {
            Call::Run(at, text) | Call::Hold(at, text) if at.as_str() == node => Some(text.clone()),
            _ => None,
        };
        self.told().calls.iter().filter_map(of_node).collect()
    }

    fn rule(self, rule: Rule) -> Self {
        let mut told = self.told();
        told.nodes.push(rule.node.clone());
        told.rules.push(rule);
        drop(told);
        self
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reply_to(&self, node: &NodeName, script: &Script) -> Reply {
        let mut told = self.told();
        let found = told.rules.iter().rposition(|rule| rule.node == *node && (rule.matches)(script));
        let Some(found) = found else {
            let known: Vec<_> = told.rules.iter().filter(|r| r.node == *node).map(|r| r.what.as_str()).collect();
            let message =
                format!("the fake was not told of this script on {node} (only of {known:?}):\n{}", script.text);
            unexpected(told, message);
        };
        let Rule { replies, once, .. } = &mut told.rules[found];
        match (replies.len(), *once) {
            (0, _) => unexpected(told, format!("no replies were given for this script on {node}:\n{}", script.text)),
            (1, true) => told.rules.remove(found).replies.remove(0),
            (1, false) => replies[0].clone(),
            _ => replies.remove(0),
        }
    }
}

/// The lock is given back first, so that the fake can still be asked by whoever catches the panic.
fn unexpected(mut told: MutexGuard<'_, Told>, message: String) -> ! {
    told.unexpected.push(message.clone());
    drop(told);
    std::panic::panic_any(message);
}

impl Drop for Shared {
    fn drop(&mut self) {
        let told = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        assert!(told.unexpected.is_empty() || std::thread::panicking(), "{}", told.unexpected.join("\n\n"));
    }
}

struct FakeSession {
    fake: FakeTransport,
    node: NodeName,
}

struct FakeHold {
    fake: FakeTransport,
    node: NodeName,
}

impl Transport for FakeTransport {
    fn connect<'a>(&'a self, node: &'a NodeName) -> BoxFuture<'a, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let mut told = self.told();
            told.calls.push(Call::Connect(node.clone()));
            if let Some(error) = told.unreachable.get(node) {
                return Err(error.clone());
            }
            if !told.nodes.contains(node) {
                unexpected(told, format!("the fake was not told of a node {node}"));
            }
            Ok(Box::new(FakeSession { fake: self.clone(), node: node.clone() }) as Box<dyn Session>)
        }
        .boxed()
    }
}

impl Session for FakeSession {
    fn run<'a>(
        &'a self,
        script: &'a Script,
        line: &'a (dyn Fn(&str) + Send + Sync),
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        async move {
            self.fake.told().calls.push(Call::Run(self.node.clone(), script.text.clone()));
            let reply = self.fake.reply_to(&self.node, script);
            if let Some(outcome) = printed(&reply) {
                outcome.stdout.text.lines().chain(outcome.stderr.text.lines()).for_each(line);
            }
            reply
        }
        .boxed()
    }

    /// Whatever the input is, it is read to its end.
    fn stream<'a>(
        &'a self,
        script: &'a Script,
        input: Option<Input<'a>>,
        hear: Hear<'a>,
    ) -> BoxFuture<'a, Result<Outcome, RunError>> {
        async move {
            self.fake.told().calls.push(Call::Run(self.node.clone(), script.text.clone()));
            if let Some(input) = input {
                let read = tokio::io::copy(input, &mut tokio::io::sink()).await;
                let unread = |error: std::io::Error| {
                    let (stdout, stderr) = (Captured::default(), Captured::default());
                    RunError::Input(error.to_string(), Box::new(Outcome { exit: Exit::Missing, stdout, stderr }))
                };
                read.map_err(unread)?;
            }
            let reply = self.fake.reply_to(&self.node, script);
            if let Some(outcome) = printed(&reply) {
                hear(Side::Out, outcome.stdout.text.as_bytes());
                hear(Side::Err, outcome.stderr.text.as_bytes());
            }
            reply
        }
        .boxed()
    }

    /// Held when the reply is a success whose standard output has a line.
    fn hold<'a>(&'a self, script: &'a Script, _heartbeat: Duration) -> BoxFuture<'a, Result<Held, HoldError>> {
        async move {
            self.fake.told().calls.push(Call::Hold(self.node.clone(), script.text.clone()));
            let outcome = self.fake.reply_to(&self.node, script)?;
            match outcome.stdout.text.lines().next() {
                Some(first) if outcome.exit == Exit::Code(0) => {
                    let hold = FakeHold { fake: self.fake.clone(), node: self.node.clone() };
                    Ok((first.to_owned(), Box::new(hold) as Box<dyn Holding>))
                }
                _ => Err(HoldError::Ended(Box::new(outcome))),
            }
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.fake.told().calls.push(Call::Close(self.node.clone()));
        ready(()).boxed()
    }
}

impl Holding for FakeHold {
    fn release(self: Box<Self>) -> BoxFuture<'static, ()> {
        drop(self);
        ready(()).boxed()
    }

    fn alive(&self) -> bool {
        !self.fake.told().broken.contains(&self.node)
    }
}

impl Drop for FakeHold {
    fn drop(&mut self) {
        self.fake.told().calls.push(Call::Release(self.node.clone()));
    }
}

#[cfg(test)]
mod tests;
