//! What the reporters say of whole runs.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::events::fake::{Fleet, stamp};
use crate::events::tests::fleets;
use crate::events::{Event, RunState, Stamped, Teller};
use crate::model::NodeName;
use crate::plan::Refusal;

/// A stream that remembers.
#[derive(Clone, Default)]
pub(super) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn tell(events: &[Stamped], tellers: &mut [Box<dyn Teller>]) -> RunState {
    let mut state = RunState::new();
    for stamped in events {
        state.apply(stamped).unwrap();
        for teller in tellers.iter_mut() {
            teller.tell(stamped, &state).unwrap();
        }
    }
    state
}

/// Standard output and standard error of a run.
fn plain(events: &[Stamped], verbose: bool) -> (String, String) {
    let (out, err) = (Paper::default(), Paper::default());
    tell(events, &mut [Box::new(Plain::new(out.clone(), err.clone(), Paint::PLAIN, verbose))]);
    (out.text(), err.text())
}

const SMALL: Fleet = Fleet { nodes: 2, failing: 0, unknown: 0, seed: 5 };

#[test]
fn a_good_run_reads_well() {
    let (out, err) = plain(&SMALL.run().stamped(0), false);
    assert_eq!(out, include_str!("../../tests/fixtures/report/good.txt"));
    assert_eq!(err, "[WARN] the brick is on the root file system of every node\n");
}

#[test]
fn a_bad_run_says_what_failed_where_and_what_to_do() {
    let (out, err) = plain(&Fleet { failing: 30, seed: 11, ..SMALL }.run().stamped(1), false);
    assert_eq!(err, include_str!("../../tests/fixtures/report/bad.err.txt"));
    assert!(!out.contains("[ERROR]"), "{out}");
}

#[test]
fn a_refused_run_says_all_refusals_once() {
    let refusal = |node: &str, what: &str, remedy: &str| Refusal {
        node: (!node.is_empty()).then(|| NodeName::new(node)),
        what: what.into(),
        remedy: remedy.into(),
        unreachable: false,
    };
    let refusals = vec![
        refusal("server2", "`/data/brick` is a brick of another volume", "look at it; then\n  rm -r /data/brick"),
        refusal("", "two clusters are seen", ""),
        refusal("server1", "`/data/brick` is a brick of another volume", "look at it; then\n  rm -r /data/brick"),
    ];
    let mut run = SMALL.run();
    let look_is_over = run.events.iter().position(|(_, event)| matches!(event, Event::Planned { .. })).unwrap();
    run.events.truncate(look_is_over);
    run.events.push((run.events[look_is_over - 1].0, Event::Refused { refusals }));
    let (_, err) = plain(&stamp(run.events), false);
    let wanted = "[ERROR] server[1-2]: refused: `/data/brick` is a brick of another volume\n    \
                  remedy: look at it; then\n              rm -r /data/brick\n\
                  [ERROR] refused: two clusters are seen\n";
    assert_eq!(err, wanted);
}

#[test]
fn an_error_shows_its_causes_and_colours_only_where_wanted() {
    let source = std::io::Error::other("disk \x1b[2Jfull");
    let error = FolderError::Create { path: "/x".into(), source };
    let said = Said::error(&error).remedy("make room");
    let lines = "[ERROR] cannot create the run's folder `/x`\n    | because: disk full\n    remedy: make room";
    assert_eq!(marked(&said, Paint::PLAIN).join("\n"), lines);
    let painted = marked(&said, Paint { color: true, unicode: true }).join("\n");
    assert!(painted.starts_with("\x1b[31m\x1b[1m[ERROR]\x1b[0m cannot"), "{painted:?}");
    assert_eq!(console::strip_ansi_codes(&painted), lines);
    let pretty = pretty(&said, Paint { color: false, unicode: true });
    assert_eq!(pretty, ["✘ cannot create the run's folder `/x`", "  │ because: disk full", "  remedy: make room"]);
}

#[test]
fn a_message_of_several_lines_goes_on_below_its_mark() {
    let said = Said::new(Mark::Error, "unknown key\n 3 | replicas: 3\n   | ^^^^^^^^");
    assert_eq!(marked(&said, Paint::PLAIN), ["[ERROR] unknown key", "     3 | replicas: 3", "       | ^^^^^^^^"]);
}

#[test]
fn a_hundred_nodes_that_fail_alike_do_not_flood() {
    let (_, err) = plain(&Fleet { nodes: 100, failing: 100, unknown: 0, seed: 1 }.run().stamped(1), false);
    assert_eq!(err.matches("failed: the package").count(), 100, "each is named");
    assert_eq!(err.matches("    | script: exit code 100").count(), 5);
    assert_eq!(err.matches("    remedy: as said above").count(), 95);
    let alone = Fleet { nodes: 100, failing: 0, unknown: 100, seed: 2 }.run();
    let (_, err) = plain(&stamp(alone.events), false);
    assert_eq!(err.matches("cannot be looked at: connecting").count(), 100);
    assert_eq!(err.matches("    | E: Unable").count(), 5);
}

fn journal_of(events: &[Stamped], folder: &Path) -> RunState {
    tell(events, &mut [Box::new(Journal::create(folder).unwrap())])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_replayed_journal_says_what_the_run_said(fleet in fleets()) {
        let events = fleet.run().stamped(0);
        let folder = tempfile::tempdir().unwrap();
        let live = journal_of(&events, folder.path());
        let (out, err) = (Paper::default(), Paper::default());
        let plain_again = Plain::new(out.clone(), err.clone(), Paint::PLAIN, true);
        let replay = Replay::read(&folder.path().join(EVENTS), &mut [Box::new(plain_again)]).unwrap();
        prop_assert!(!replay.cut);
        prop_assert_eq!(replay.state.summary(), live.summary());
        prop_assert_eq!(replay.state, live);
        prop_assert_eq!((out.text(), err.text()), plain(&events, true));
    }

    #[test]
    fn a_journal_cut_anywhere_still_tells_what_it_has(fleet in fleets(), at in any::<prop::sample::Index>()) {
        let events = fleet.run().stamped(0);
        let folder = tempfile::tempdir().unwrap();
        journal_of(&events, folder.path());
        let path = folder.path().join(EVENTS);
        let mut bytes = std::fs::read(&path).unwrap();
        let whole = bytes.len();
        bytes.truncate(at.index(whole));
        let lines = bytes.split(|&byte| byte == b'\n').count() - 1;
        std::fs::write(&path, &bytes).unwrap();
        let replay = Replay::read(&path, &mut []).unwrap();
        let told = usize::try_from(replay.state.next_seq()).unwrap();
        // An event whose newline alone is missing is whole.
        prop_assert!(told == lines || told == lines + 1);
        prop_assert_eq!(replay.cut, told == lines && bytes.last().is_some_and(|&byte| byte != b'\n'));
    }
}

#[test]
fn a_journal_damaged_in_the_middle_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(&SMALL.run().stamped(0), folder.path());
    let path = folder.path().join(EVENTS);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("look_started", "look_begun", 1)).unwrap();
    let error = Replay::read(&path, &mut []).unwrap_err().to_string();
    assert!(error.starts_with("line 2 of the journal"), "{error}");
    let gap: Vec<&str> = text.lines().enumerate().filter(|(n, _)| *n != 3).map(|(_, line)| line).collect();
    std::fs::write(&path, gap.join("\n")).unwrap();
    let error = Replay::read(&path, &mut []).unwrap_err().to_string();
    assert!(error.starts_with("line 4 of the journal") && error.ends_with("follow the ones before it"), "{error}");
}

#[test]
fn json_is_one_event_a_line() {
    let events = SMALL.run().stamped(0);
    let out = Paper::default();
    tell(&events, &mut [Box::new(Json::new(out.clone()))]);
    let back: Vec<Stamped> = out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(back, events);
    let first: serde_json::Value = serde_json::from_str(out.text().lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["seq"], &first["event"], &first["nodes"][1]),
        (&0.into(), &"run_started".into(), &"server2".into())
    );
}

#[test]
fn run_folders_are_private_sorted_and_never_shared() {
    let home = tempfile::tempdir().unwrap();
    let runs = state_home(&|name| (name == "HOME").then(|| home.path().into())).unwrap();
    assert_eq!(runs, home.path().join(".local/state/bricklayer/runs"));
    assert_eq!(list_runs(&runs).unwrap(), []);
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let late = RunFolder::create(&runs, at("2025-11-22T13:01:11Z")).unwrap();
    let twin = RunFolder::create(&runs, at("2025-11-22T13:01:11Z")).unwrap();
    let early = RunFolder::create(&runs, at("2024-02-01T00:00:00Z")).unwrap();
    assert!(late.name.starts_with("20251122-130111-"), "{late:?}");
    assert_ne!(late, twin);
    for folder in [&late, &early, &twin] {
        Journal::create(&folder.path).unwrap();
        assert!(Journal::create(&folder.path).is_err(), "a journal is never written over");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.path), mode(&folder.path.join(EVENTS))), (0o700, 0o600));
    }
    std::fs::create_dir(runs.join("no-journal")).unwrap();
    std::fs::write(runs.join("20990101-000000-ffff"), "a file").unwrap();
    assert_eq!(list_runs(&runs).unwrap(), [twin, late, early]);
}

#[test]
fn the_state_folder_follows_xdg() {
    type Env = &'static [(&'static str, &'static str)];
    let table: &[(Env, Option<&str>)] = &[
        (&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")], Some("/s/bricklayer/runs")),
        (&[("XDG_STATE_HOME", "rel"), ("HOME", "/h")], Some("/h/.local/state/bricklayer/runs")),
        (&[("XDG_STATE_HOME", ""), ("HOME", "/h")], Some("/h/.local/state/bricklayer/runs")),
        (&[("HOME", "")], None),
        (&[], None),
    ];
    for (env, wanted) in table {
        let read = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
        assert_eq!(state_home(&read).ok().as_deref(), wanted.map(Path::new), "{env:?}");
    }
}

#[test]
fn the_summary_of_many_nodes_is_folded() {
    let run = Fleet { nodes: 200, failing: 0, unknown: 0, seed: 1 }.run();
    let mut state = RunState::new();
    run.stamped(0).iter().for_each(|stamped| state.apply(stamped).unwrap());
    let table = table(&state.summary());
    assert!(table.len() < 100, "{} lines", table.len());
    let names = table[0].find("node").unwrap();
    assert!(table[1..].iter().all(|line| line.find("server") == Some(names)), "columns are aligned: {table:#?}");
    assert_eq!(table.iter().filter(|line| line.contains("server200") || line.contains("200]")).count(), 1);
}
