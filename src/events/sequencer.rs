//! One task that stamps every event, folds it, and tells the tellers.

use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use crate::events::{Event, IllegalTransition, LostTeller, RunState, Stamped, Teller};

/// How many events may wait to be told. Enough for every node of a fleet of hundreds to end a step at once without
/// one waiting for the terminal; few enough that a step that floods us is held back (its channel fills, and the
/// kernel of the node stops it) instead of filling our memory: at most some hundred kilobytes.
pub const CAPACITY: usize = 512;

/// How much of an illegal event is told, in characters: a plan can be long.
const SHOWN_OF_A_BUG: usize = 300;

/// Milliseconds since 1970. Injected, so that tests own the time.
pub type Clock = Box<dyn Fn() -> i64 + Send>;

/// The workstation's clock.
pub fn wall_clock() -> Clock {
    Box::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

type Judge = Box<dyn FnOnce(&RunState) -> u8 + Send>;

enum Message {
    Event(Event),
    End(Judge),
    Pause { ready: oneshot::Sender<()>, over: oneshot::Receiver<()> },
}

/// Where events are sent to; cheap to clone.
#[derive(Clone)]
pub struct Tell(mpsc::Sender<Message>);

impl Tell {
    /// Sends an event. Waits while [`CAPACITY`] events are waiting. After the run's end nobody listens, and the event
    /// is dropped.
    pub async fn send(&self, event: Event) {
        if self.0.send(Message::Event(event)).await.is_err() {
            tracing::debug!("an event came after the end of the run");
        }
    }

    /// Ends the run: `code` chooses the exit code from where the run stands (see [`RunState::exit_code`]); the
    /// sequencer adds the summary and sends [`Event::RunEnded`].
    pub async fn end(&self, code: impl FnOnce(&RunState) -> u8 + Send + 'static) {
        if self.0.send(Message::End(Box::new(code))).await.is_err() {
            tracing::debug!("the run was ended twice");
        }
    }

    /// Clears the terminal for a question, when all that was sent before has been told. Until the returned value is
    /// dropped nothing is told; events wait in the channel, so do not hold it longer than a question takes.
    pub async fn pause(&self) -> Paused {
        let (ready, is_ready) = oneshot::channel();
        let (resume, over) = oneshot::channel();
        // When nobody listens any more there is nothing to draw over the question either.
        if self.0.send(Message::Pause { ready, over }).await.is_ok() {
            let _gone = is_ready.await;
        }
        Paused { _resume: resume }
    }
}

/// The terminal is free for a question until this is dropped.
#[must_use = "the terminal is free only while this is held"]
pub struct Paused {
    _resume: oneshot::Sender<()>,
}

/// The task that tells.
pub struct Sequencer(JoinHandle<Finished>);

/// What is left when the run has ended.
#[derive(Debug)]
pub struct Finished {
    /// Where the run ended.
    pub state: RunState,
    /// Tellers that could not go on.
    pub lost: Vec<LostTeller>,
}

impl Finished {
    /// The exit code of the process: 70 where the run was never ended, which is our own bug.
    pub fn code(&self) -> u8 {
        self.state.ended().unwrap_or(70)
    }
}

impl Sequencer {
    /// Starts it on a thread of its own, because a stopped terminal (Ctrl-S) or a slow disk blocks it and must not
    /// block the connections. The tellers are told in this order: the journal first, then the console.
    ///
    /// Must be called within a tokio runtime.
    pub fn start(tellers: Vec<Box<dyn Teller>>, clock: Clock) -> (Tell, Self) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let desk = Desk { state: RunState::new(), tellers, lost: Vec::new(), clock, over: false };
        let runtime = tokio::runtime::Handle::current();
        let task = tokio::task::spawn_blocking(move || runtime.block_on(desk.run(receiver)));
        (Tell(sender), Self(task))
    }

    /// Waits until the run was ended, or every [`Tell`] is gone. Fails only where a teller has panicked.
    pub async fn finish(self) -> Result<Finished, tokio::task::JoinError> {
        self.0.await
    }
}

struct Desk {
    state: RunState,
    tellers: Vec<Box<dyn Teller>>,
    lost: Vec<LostTeller>,
    clock: Clock,
    over: bool,
}

impl Desk {
    async fn run(mut self, mut messages: mpsc::Receiver<Message>) -> Finished {
        let every = self.tellers.iter().filter_map(|teller| teller.every()).min();
        let mut ticks = tokio::time::interval(every.unwrap_or(Duration::from_secs(3600)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset_at(Instant::now() + ticks.period());
        while !self.over {
            tokio::select! {
                message = messages.recv() => match message {
                    Some(message) => self.hear(message).await,
                    None => break,
                },
                _ = ticks.tick(), if every.is_some() => {
                    let now = self.now();
                    self.each(|teller, state| teller.tick(state, now));
                }
            }
        }
        Finished { state: self.state, lost: self.lost }
    }

    async fn hear(&mut self, message: Message) {
        match message {
            Message::Event(event) => self.take(event),
            Message::End(code) => self.end(code),
            Message::Pause { ready, over } => {
                self.each(|teller, _| teller.clear());
                if ready.send(()).is_ok() {
                    let _dropped = over.await;
                }
            }
        }
    }

    /// Never panics on an event that cannot be: it is told as the bug that it is.
    fn take(&mut self, event: Event) {
        let stamped = self.stamp(event);
        if let Err(illegal) = self.fold(&stamped) {
            let event: String = format!("{:?}", stamped.event).chars().take(SHOWN_OF_A_BUG).collect();
            self.bug(format!("event {event} is illegal: {illegal}"));
        }
    }

    fn bug(&mut self, what: String) {
        tracing::error!("{what}");
        let stamped = self.stamp(Event::Bug { what });
        if let Err(illegal) = self.fold(&stamped) {
            tracing::error!("cannot even tell of the bug: {illegal}");
        }
    }

    /// A run that may not end yet was miscounted by us: that is told, and then it may.
    fn end(&mut self, code: Judge) {
        self.over = true;
        if let Err(illegal) = self.state.clone().apply(&self.ending(0)) {
            self.bug(format!("the run ends too early: {illegal}"));
        }
        let code = if self.state.bugs().is_empty() { code(&self.state) } else { 70 };
        let ending = self.ending(code);
        if let Err(illegal) = self.fold(&ending) {
            tracing::error!("the run cannot end: {illegal}");
        }
    }

    fn ending(&self, code: u8) -> Stamped {
        let at_ms = self.now();
        let event = Event::RunEnded { code, summary: self.state.summary_at(at_ms) };
        Stamped { seq: self.state.next_seq(), at_ms, event }
    }

    fn stamp(&self, event: Event) -> Stamped {
        Stamped { seq: self.state.next_seq(), at_ms: self.now(), event }
    }

    fn fold(&mut self, stamped: &Stamped) -> Result<(), IllegalTransition> {
        self.state.apply(stamped)?;
        self.each(|teller, state| teller.tell(stamped, state));
        Ok(())
    }

    /// Never before the last event: a clock that is set back must not make a run end before it began.
    fn now(&self) -> i64 {
        (self.clock)().max(self.state.last_ms())
    }

    fn each(&mut self, mut ask: impl FnMut(&mut dyn Teller, &RunState) -> std::io::Result<()>) {
        let Self { state, tellers, lost, .. } = self;
        tellers.retain_mut(|teller| match ask(teller.as_mut(), state) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(teller = teller.name(), %error, "a teller is lost");
                lost.push(LostTeller { name: teller.name(), error });
                false
            }
        });
    }
}
