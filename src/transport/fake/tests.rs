use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

fn script(text: &str) -> Script {
    Script { text: text.into(), become_root: true, timeout: Duration::from_secs(1) }
}

async fn run(fake: &FakeTransport, node: &str, text: &str) -> Reply {
    let session = fake.connect(&node.into()).await.unwrap();
    session.run(&script(text), &|_| ()).await
}

fn stdout(reply: Reply) -> String {
    reply.unwrap().stdout.text
}

#[tokio::test]
async fn the_latest_rule_counts_and_once_is_once() {
    let fake = FakeTransport::new()
        .on("a", "gluster", reply(0, "always"))
        .once("a", "pool list", reply(0, "once"))
        .on_match("b", |script| script.become_root, vec![reply(0, "1"), reply(1, "2")]);
    assert_eq!(stdout(run(&fake, "a", "gluster pool list").await), "once");
    assert_eq!(stdout(run(&fake, "a", "gluster pool list").await), "always");
    for expected in ["1", "2", "2"] {
        assert_eq!(stdout(run(&fake, "b", "x").await), expected);
    }
    assert_eq!(fake.scripts("a"), ["gluster pool list", "gluster pool list"]);
    assert_eq!(fake.calls()[..2], [Call::Connect("a".into()), Call::Run("a".into(), "gluster pool list".into())]);
}

#[tokio::test]
async fn output_is_handed_over_line_by_line() {
    let fake = FakeTransport::new().on("a", "", reply(0, "one\ntwo"));
    let seen = Mutex::new(Vec::new());
    let session = fake.connect(&"a".into()).await.unwrap();
    session.run(&script("x"), &|line| seen.lock().unwrap().push(line.to_owned())).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["one", "two"]);
}

#[tokio::test]
async fn a_connection_can_fail() {
    let error = ConnectError::Local("no".into());
    let fake = FakeTransport::new().unreachable("a", error);
    assert!(matches!(fake.connect(&"a".into()).await.err(), Some(ConnectError::Local(said)) if said == "no"));
}

#[tokio::test]
async fn a_hold_lives_until_it_is_released_or_broken() {
    let fake = FakeTransport::new().on("a", "lock", reply(0, "held\n")).once("a", "lock", reply(5, "busy"));
    let session = fake.connect(&"a".into()).await.unwrap();
    let beat = Duration::from_secs(1);
    let Err(HoldError::Ended(outcome)) = session.hold(&script("lock"), beat).await else { panic!("it was held") };
    assert_eq!(outcome.exit, Exit::Code(5));
    let (first, hold) = session.hold(&script("lock"), beat).await.unwrap();
    assert!(first == "held" && hold.alive());
    fake.break_holds("a");
    assert!(!hold.alive());
    hold.release().await;
    assert_eq!(fake.calls().iter().filter(|call| **call == Call::Release("a".into())).count(), 1);
}

#[test]
fn what_it_was_not_told_of_fails_even_where_the_panic_is_caught() {
    for (node, text) in [("a", "unheard of"), ("b", "x")] {
        let fake = FakeTransport::new().on("a", "x", reply(0, ""));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let asked = fake.clone();
        let task = runtime.spawn(async move { run(&asked, node, text).await });
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        assert!(catch_unwind(AssertUnwindSafe(|| drop(fake))).is_err());
    }
}
