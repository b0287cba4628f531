//! `exec`: a command on many nodes.

use std::ffi::OsString;
use std::io;

use jiff::Timestamp;

use super::ExecWish;
use super::crew::Crew;
use crate::exec::hand::{Order, command};
use crate::ops::{Fault, Settings};
use crate::report::{RunFolder, Spill, state_home};

/// Runs it. Answers the exit code.
pub async fn exec(settings: Settings, wish: ExecWish) -> Result<u8, Fault> {
    let ExecWish { hand, env, timeout, group, words } = wish;
    let script = Order { words, env, become_root: hand.become_root, timeout }.script();
    let crew = Crew::gather(settings).await?;
    let stage = crew.stage(Some(crew.settings.console.hand_teller(group.then(spill))));
    let work = |node| {
        let (script, stage, transport) = (&script, &stage, &*crew.transport);
        async move {
            let hear = |side, bytes: &[u8]| stage.tell(|teller| teller.heard(&node, side, bytes));
            command(transport, &node, script, &hear).await
        }
    };
    crew.each(hand, &stage, work).await
}

// Into a run's folder, which is made when it is needed first.
fn spill() -> Spill {
    let mut folder: Option<RunFolder> = None;
    Box::new(move |name| {
        let made = match folder.take() {
            Some(made) => made,
            None => state_home(&|name: &str| -> Option<OsString> { std::env::var_os(name) })
                .and_then(|home| RunFolder::create(&home, Timestamp::now()))
                .map_err(io::Error::other)?,
        };
        let path = made.path.join(name);
        folder = Some(made);
        Ok(path)
    })
}
