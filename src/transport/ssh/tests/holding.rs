//! Holds: heartbeat, letting go, being let go.

use std::time::Duration;

use super::server::{Bed, Input, MINUTE, Running, script};
use crate::transport::api::{Exit, HoldError, RunError};

const BEAT: Duration = Duration::from_secs(5);

/// Reads the script, says that it is held, and keeps what comes in then.
async fn holds(mut running: Running, bed: tokio::sync::watch::Sender<Vec<Input>>) {
    let mut script = Vec::new();
    while !script.ends_with(b"#bricklayer end 4\n") {
        let Some(Input::Data(bytes)) = running.input.recv().await else { return };
        script.extend(bytes);
    }
    running.start().await;
    running.err("noise\n").await;
    running.out("held ").await;
    running.out("by us\n").await;
    while let Some(input) = running.input.recv().await {
        let last = input == Input::Eof;
        bed.send_modify(|seen| seen.push(input));
        if last {
            running.exit(0).await;
            running.eof().await;
            running.close().await;
        }
    }
}

fn bed() -> (Bed, tokio::sync::watch::Receiver<Vec<Input>>) {
    let (sender, receiver) = tokio::sync::watch::channel(Vec::new());
    (Bed::new(move |running| holds(running, sender.clone())), receiver)
}

#[tokio::test(start_paused = true)]
async fn a_hold_beats_until_it_is_released() {
    let (bed, mut came) = bed();
    let session = bed.session().await;
    let (first, hold) = session.hold(&script("lock", MINUTE), BEAT).await.unwrap();
    assert_eq!(first, "held by us");
    came.wait_for(|came| came.len() == 3).await.unwrap();
    assert!(hold.alive());
    hold.release().await;
    let came = came.borrow();
    assert!(came[..3].iter().all(|input| *input == Input::Data(b"\n".to_vec())), "{came:?}");
    assert_eq!(came.iter().filter(|input| **input == Input::Eof).count(), 1, "{came:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_hold_lets_go() {
    let (bed, mut came) = bed();
    let session = bed.session().await;
    let (_, hold) = session.hold(&script("lock", MINUTE), BEAT).await.unwrap();
    drop(hold);
    came.wait_for(|came| came.contains(&Input::Eof)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hold_whose_connection_is_gone_is_not_alive() {
    let (bed, _came) = bed();
    let session = bed.session().await;
    let (_, hold) = session.hold(&script("lock", MINUTE), BEAT).await.unwrap();
    session.close().await;
    drop(session);
    while hold.alive() {
        tokio::task::yield_now().await;
    }
    hold.release().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_held_says_why() {
    let bed = Bed::new(|running| async move {
        running.start().await;
        running.err("held by somebody else\n").await;
        running.exit(5).await;
        running.close().await;
    });
    let Err(error) = bed.session().await.hold(&script("lock", MINUTE), BEAT).await else { panic!("it was held") };
    let HoldError::Ended(outcome) = error else { panic!("{error}") };
    assert_eq!((outcome.exit, outcome.stderr.text.as_str()), (Exit::Code(5), "held by somebody else\n"));
}

#[tokio::test(start_paused = true)]
async fn what_never_says_that_it_holds_is_given_up() {
    let bed = Bed::new(|mut running| async move {
        running.start().await;
        running.until_closed().await;
    });
    let session = bed.session().await;
    let Err(error) = session.hold(&script("lock", MINUTE), BEAT).await else { panic!("it was held") };
    assert!(matches!(error, HoldError::Run(RunError::TimedOut(MINUTE, _))), "{error}");

    bed.see("close").await;
}
