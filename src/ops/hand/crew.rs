//! Who works, and how all of them are followed.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::events::{HandEnd, HandEnded};
use crate::exec::Interrupt;
use crate::exec::hand::{Pace, each};
use crate::model::NodeName;
use crate::ops::hand::HandWish;
use crate::ops::{Fault, Job, Settings, connect};
use crate::report::{HandTeller, Mark, Said, hand_code, hand_ending, hand_failures};
use crate::transport::Transport;

/// The nodes, and the way to them.
pub(super) struct Crew {
    pub(super) settings: Settings,
    pub(super) nodes: Vec<NodeName>,
    pub(super) transport: Arc<dyn Transport>,
    interrupt: Interrupt,
}

impl Crew {
    /// Those that the command line names (`-H`), or else those of the inventory. Unknown host keys and passwords are asked
    /// for here.
    pub(super) async fn gather(settings: Settings) -> Result<Self, Fault> {
        let job = Job::of_nodes(settings)?;
        let nodes = job.selected();
        let (transport, _) = connect::transport(&job, &nodes.iter().cloned().collect()).await?;
        let settings = job.settings;
        let crew = Self { settings, nodes, transport, interrupt: Interrupt::default() };
        crew.listen();
        Ok(crew)
    }

    /// Does `work` on all of them, tells the teller how it ends and, last of all, the person. Answers the exit code.
    pub(super) async fn each<Work: Future<Output = HandEnd>>(
        &self,
        wish: HandWish,
        stage: &Stage,
        work: impl Fn(NodeName) -> Work,
    ) -> Result<u8, Fault> {
        let of = |share: crate::model::Share| share.of(self.nodes.len());
        let pace = Pace {
            forks: self.settings.forks,
            serial: wish.serial.map(|share| of(share).max(1)),
            most_failed: wish.max_fail.map(of).or(wish.serial.map(|_| 0)),
        };
        let start = Instant::now();
        let mut all = Vec::new();
        each(&self.nodes, pace, &self.interrupt, work, |ended| {
            stage.tell(|teller| teller.ended(&ended));
            all.push(ended);
        })
        .await;
        let places: HashMap<_, _> = self.nodes.iter().enumerate().map(|(place, node)| (node, place)).collect();
        all.sort_by_key(|one| places.get(&one.node).copied());
        stage.tell(|teller| teller.finish(&all));
        match stage.lost() {
            // Who reads it has seen enough (`| head`), and knows.
            Some(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(1),
            Some(error) => return Err(Fault::Output(error)),
            None => {}
        }
        let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.say(&all, ms).map_err(Fault::Terminal)?;
        Ok(if self.interrupt.stopping() { 6 } else { hand_code(&all) })
    }

    /// Where the output of all of them goes. When it cannot go there any more (a closed pipe), nothing is followed further.
    pub(super) fn stage(&self, teller: Option<Box<dyn HandTeller>>) -> Stage {
        Stage { teller: Mutex::new((teller, None)), interrupt: self.interrupt.clone() }
    }

    fn say(&self, all: &[HandEnded], ms: u64) -> std::io::Result<()> {
        for said in hand_failures(all).iter().chain([&hand_ending(all, ms)]) {
            self.settings.console.aside(said)?;
        }
        Ok(())
    }

    fn listen(&self) {
        let (interrupt, console) = (self.interrupt.clone(), self.settings.console);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                let text = match interrupt.press() {
                    1 => {
                        "interrupted: nothing new begins; what runs is followed to its end (Ctrl-C again: stop following)"
                    }
                    _ => "interrupted again: no longer following what runs",
                };
                let _closed = console.aside(&Said::new(Mark::Warn, text));
            }
        });
    }
}

/// Who listens, until it cannot any more.
type Listener = (Option<Box<dyn HandTeller>>, Option<std::io::Error>);

/// Where output goes.
pub(super) struct Stage {
    teller: Mutex<Listener>,
    interrupt: Interrupt,
}

impl Stage {
    pub(super) fn tell(&self, say: impl FnOnce(&mut dyn HandTeller) -> std::io::Result<()>) {
        let mut teller = self.teller.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(heard) = teller.0.as_mut() else { return };
        if let Err(error) = say(heard.as_mut()) {
            *teller = (None, Some(error));
            self.interrupt.press();
            self.interrupt.press();
        }
    }

    fn lost(&self) -> Option<std::io::Error> {
        self.teller.lock().unwrap_or_else(PoisonError::into_inner).1.take()
    }
}
