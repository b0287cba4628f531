use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::events::{Failure, FailureKind, HandEnd, HandEnded};
use crate::exec::Interrupt;
use crate::model::NodeName;

fn nodes(count: usize) -> Vec<NodeName> {
    (1..=count).map(|n| NodeName::new(&format!("server{n}"))).collect()
}

// Nodes whose number is among `bad` fail; answers what ended how, and the most that ran at one time.
async fn ran(count: usize, pace: Pace, bad: &[usize]) -> (Vec<HandEnded>, usize) {
    let running = Mutex::new((0, 0));
    let mut ended = Vec::new();
    let work = |node: NodeName| {
        let running = &running;
        async move {
            {
                let mut now = running.lock().unwrap();
                now.0 += 1;
                now.1 = now.1.max(now.0);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            running.lock().unwrap().0 -= 1;
            let code = u32::from(bad.iter().any(|n| node.as_str() == format!("server{n}")));
            HandEnd::Code { code }
        }
    };
    each(&nodes(count), pace, &Interrupt::default(), work, |end| ended.push(end)).await;
    let most = running.lock().unwrap().1;
    (ended, most)
}

#[tokio::test(start_paused = true)]
async fn as_many_at_one_time_as_wanted() {
    let pace = Pace { forks: 7, serial: None, most_failed: None };
    let (ended, most) = ran(20, pace, &[3, 4]).await;
    assert_eq!((ended.len(), most), (20, 7));
    let (ended, most) = ran(5, Pace { serial: Some(2), ..pace }, &[]).await;
    assert_eq!((ended.len(), most), (5, 2));
}

#[tokio::test(start_paused = true)]
async fn too_many_failures_begin_nothing_more() {
    let pace = Pace { forks: 100, serial: Some(2), most_failed: Some(1) };
    let (ended, _) = ran(8, pace, &[1, 3, 4]).await;
    let begun = ended.iter().filter(|one| !matches!(one.end, HandEnd::NotBegun { .. })).count();
    assert_eq!((ended.len(), begun), (8, 4), "{ended:?}");
    // Also where no batches were asked for.
    let (ended, _) = ran(8, Pace { forks: 2, serial: None, most_failed: Some(0) }, &[1]).await;
    assert!(ended.iter().filter(|one| matches!(one.end, HandEnd::NotBegun { .. })).count() >= 6, "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn ctrl_c_once_lets_what_runs_end_and_twice_does_not_follow_it() {
    let interrupt = Interrupt::default();
    let pace = Pace { forks: 1, serial: None, most_failed: None };
    let mut ended = Vec::new();
    let work = |node: NodeName| {
        let interrupt = &interrupt;
        async move {
            interrupt.press();
            if node.as_str() == "server2" {
                interrupt.press();
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            HandEnd::Code { code: 0 }
        }
    };
    each(&nodes(2), pace, &interrupt, work, |end| ended.push(end.end)).await;
    let HandEnd::NotBegun { why } = &ended[1] else { panic!("{ended:?}") };
    assert_eq!((&ended[0], why.as_str()), (&HandEnd::Code { code: 0 }, "interrupted"));
    let twice = Interrupt::default();
    let mut ended = Vec::new();
    let work = |_| {
        let twice = &twice;
        async move {
            twice.press();
            twice.press();
            std::future::pending().await
        }
    };
    each(&nodes(1), pace, &twice, work, |end| ended.push(end.end)).await;
    assert!(matches!(&ended[0], HandEnd::Failed { failure: Failure { kind: FailureKind::Unknown, .. } }), "{ended:?}");
}

#[test]
fn one_word_is_a_line_and_several_are_what_they_are() {
    let order = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let env = vec![("WHO".to_owned(), "it's me".to_owned())];
        Order { words, env, become_root: false, timeout: None }.script().text
    };
    assert_eq!(order(&["echo $WHO | wc -c"]), "export WHO='it'\\''s me'\necho $WHO | wc -c");
    assert_eq!(order(&["grep", "-c", "a b", "$x"]), "export WHO='it'\\''s me'\ngrep -c 'a b' '$x'");
}
