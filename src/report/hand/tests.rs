use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::*;
use crate::events::HandEnded;
use crate::events::{Failure, FailureKind, HandEnd};
use crate::model::{NodeName, Side};
use crate::report::Paint;

#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

fn ended(node: &str, end: HandEnd) -> HandEnded {
    HandEnded { node: node.into(), end, ms: 12 }
}

fn code(node: &str, code: u32) -> HandEnded {
    ended(node, HandEnd::Code { code })
}

#[test]
fn lines_come_whole_with_their_node_in_front_and_bytes_stay() {
    let (out, err) = (Pipe::default(), Pipe::default());
    let mut teller = ByHost::new((out.clone(), Paint::PLAIN), (err.clone(), Paint::PLAIN), (false, true));
    let (one, two) = (NodeName::new("one"), NodeName::new("two"));
    teller.heard(&one, Side::Out, b"a\nb").unwrap();
    teller.heard(&two, Side::Out, b"\xffc\n\n").unwrap();
    teller.heard(&one, Side::Out, b"b\n").unwrap();
    teller.heard(&one, Side::Err, b"\x1b[2Jno newline").unwrap();
    teller.ended(&code("one", 0)).unwrap();
    assert_eq!(*out.0.lock().unwrap(), b"one: a\ntwo: \xffc\ntwo: \none: bb\n");
    assert_eq!(err.text(), "one: no newline\n");
    // A line without an end does not fill the memory.
    teller.heard(&one, Side::Out, &vec![b'x'; 70_000]).unwrap();
    assert!(teller.ended(&code("one", 0)).is_ok() && out.text().ends_with("x\n"));
}

#[test]
fn what_is_the_same_is_said_once_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let (out, err) = (Pipe::default(), Pipe::default());
    let spill: Spill = Box::new(move |name| Ok(path.join(name)));
    let mut teller = Grouped::new((out.clone(), Paint::PLAIN), (err.clone(), Paint::PLAIN), (false, false), spill);
    let long = "0123456789".repeat(100_000);
    for node in ["server1", "server2", "server3", "server4"] {
        let name = NodeName::new(node);
        // In other pieces on each.
        let text = if node == "server3" { "other\n" } else { &long };
        for piece in text.as_bytes().chunks(1000 + node.len() * 77 + usize::from(node == "server1")) {
            teller.heard(&name, Side::Out, piece).unwrap();
        }
        if node == "server4" {
            teller.heard(&name, Side::Err, b"too\n").unwrap();
        }
    }
    let failure = Failure {
        kind: FailureKind::Unknown,
        what: "it did not end".to_owned(),
        command: String::new(),
        code: None,
        stderr: String::new(),
        remedy: "look".to_owned(),
    };
    teller.heard(&"server6".into(), Side::Out, b"half").unwrap();
    let all = [
        code("server1", 0),
        code("server2", 0),
        code("server3", 0),
        code("server4", 0),
        code("server5", 0),
        ended("server6", HandEnd::Failed { failure: failure.clone() }),
        ended("server7", HandEnd::Failed { failure }),
    ];
    for one in &all {
        teller.ended(one).unwrap();
    }
    teller.finish(&all).unwrap();
    let text = out.text().replace(&long, "LONG");
    assert_eq!(
        text,
        "---- server[1-2] (2 nodes): exit code 0\nLONG\n---- server3 (1 node): exit code 0\nother\n---- server4 (1 \
         node): exit code 0\nLONG\n---- server5 (1 node): exit code 0\n---- server6 (1 node): not known\nhalf\n"
    );
    // The long ones lie in files, each once.
    let at = folder.path().display();
    let said =
        |node: &str, file: &str| format!("[INFO] {node}: 976.56 KiB were printed, and are also in `{at}/{file}.out`\n");
    let wanted = "---- server4 (1 node): exit code 0, standard error\ntoo\n";
    assert_eq!(err.text(), said("server[1-2]", "server1") + wanted + &said("server4", "server4"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn programs_read_lines_ends_and_a_summary() {
    let out = Pipe::default();
    let mut teller = HandJson::new(out.clone());
    let one = NodeName::new("one");
    teller.heard(&one, Side::Err, b"it \xff\n\"x\"").unwrap();
    let all = [code("one", 3)];
    teller.ended(&all[0]).unwrap();
    teller.finish(&all).unwrap();
    let objects: Vec<serde_json::Value> = out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 4, "{objects:?}");
    assert_eq!((&objects[0]["side"], &objects[0]["line"]), (&"err".into(), &"it \u{fffd}".into()));
    assert_eq!(objects[1]["line"], "\"x\"");
    assert_eq!(
        (&objects[2]["end"], &objects[2]["code"], &objects[2]["node"]),
        (&"code".into(), &3.into(), &"one".into())
    );
    assert_eq!((&objects[3]["event"], &objects[3]["exit_code"]), (&"finished".into(), &1.into()));
}

#[test]
fn the_end_names_who_ended_how() {
    let failure = |kind, what: &str| Failure {
        kind,
        what: what.to_owned(),
        command: "connect".to_owned(),
        code: None,
        stderr: String::new(),
        remedy: "mend it".to_owned(),
    };
    let lost = |node: &str| ended(node, HandEnd::Failed { failure: failure(FailureKind::Unreachable, "no route") });
    let mut all = vec![code("server1", 0), code("server2", 0)];
    assert_eq!(hand_ending(&all, 1500).text, "2 nodes: exit code 0, 1.5s");
    assert_eq!(hand_code(&all), 0);
    all.push(code("server3", 2));
    assert_eq!(hand_code(&all), 1);
    all.extend((4..=10).map(|n| lost(&format!("server{n}"))));
    all.push(ended("server11", HandEnd::NotBegun { why: "interrupted".to_owned() }));
    assert_eq!(hand_code(&all), 4);
    assert_eq!(
        hand_ending(&all, 0).text,
        "11 nodes: exit code 0 on server[1-2]; exit code 2 on server3; unreachable on server[4-10]; not begun on \
         server11, 0.0s"
    );
    let said = hand_failures(&all);
    assert_eq!(said.len(), 8);
    assert_eq!(said[0].remedy.as_deref(), Some("mend it"));
    assert_eq!(said[6].remedy.as_deref(), Some("as said above"));
    assert_eq!(said[7].node.as_deref(), Some("server11"));
}
