use std::collections::BTreeSet;

use indicatif::InMemoryTerm;
use proptest::prelude::*;

use super::*;
use crate::events::Standing;
use crate::events::fake::{Fleet, START};
use crate::events::tests::fleets;
use crate::report::{NodeRow, Row};

/// The run after `part` of a hundred of its events.
fn state_at(fleet: &Fleet, part: usize) -> RunState {
    let mut state = RunState::new();
    let events = fleet.run().stamped(0);
    let some = events.len() * part / 100;
    events.iter().take(some).for_each(|stamped| state.apply(stamped).unwrap());
    state
}

fn node_rows(rows: &[Row]) -> Vec<&NodeRow> {
    rows.iter().filter_map(|row| if let Row::Node(node) = row { Some(node) } else { None }).collect()
}

proptest! {
    #[test]
    fn every_node_is_shown_or_counted_and_the_table_fits(
        fleet in fleets(), many in 0..60_usize, part in 0..=100_usize, width in 0..250_usize, height in 0..50_usize,
    ) {
        let fleet = Fleet { nodes: fleet.nodes + many, ..fleet };
        let state = state_at(&fleet, part);
        let size = Size { width, height };
        let rows = rows(&state, state.last_ms() + 1234, size);
        prop_assert!(rows.len() <= (height * 2 / 3).max(1), "{} lines of {height}", rows.len());
        let has_foot = matches!(rows.last(), Some(Row::Foot { .. }));
        prop_assert!(has_foot);

        let shown: BTreeSet<_> = node_rows(&rows).iter().map(|row| row.name.clone()).collect();
        prop_assert_eq!(shown.len(), node_rows(&rows).len());
        let hidden = rows.iter().find_map(|row| match row {
            Row::More { hidden, of_them } => Some((*hidden, of_them.iter().map(|(_, n)| n).sum::<usize>())),
            _ => None,
        });
        match hidden {
            Some((hidden, tallied)) => {
                prop_assert_eq!(hidden, tallied);
                prop_assert_eq!(hidden + shown.len(), state.nodes().len());
            }
            None => prop_assert!(shown.len() == state.nodes().len() || height < 3),
        }
        let least = node_rows(&rows).iter().map(|row| row.standing).max();
        for (name, node) in state.nodes().filter(|(name, _)| !shown.contains(name)) {
            prop_assert!(least.is_none_or(|least| node.standing() >= least), "{name} matters more");
        }
        for paint in [Paint::PLAIN, Paint { color: true, unicode: true }] {
            let lines = row_lines(&rows, width, 7, paint);
            prop_assert_eq!(lines.len(), rows.len());
            for line in lines {
                let measured = console::measure_text_width(&line);
                prop_assert!(measured <= width.saturating_sub(1), "{measured} of {width}: {line:?}");
                prop_assert!(!line.contains('\n'));
            }
        }
    }

    #[test]
    fn nodes_keep_their_places_while_all_fit(fleet in fleets(), part in 0..=100_usize) {
        let state = state_at(&fleet, part);
        let rows = rows(&state, state.last_ms(), Size { width: 100, height: 30 });
        let names: Vec<_> = node_rows(&rows).iter().map(|row| row.name.clone()).collect();
        prop_assert_eq!(names, state.nodes().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    }
}

/// What a screen shows after all events of a run: drawn after each one, as the sequencer would.
fn screen(fleet: &Fleet, (height, width): (u16, u16), mut watch: impl FnMut(&str)) -> String {
    let term = InMemoryTerm::new(height, width);
    let mut live = Live::new(term.clone(), Paint { color: false, unicode: true }, false);
    let mut state = RunState::new();
    for stamped in fleet.run().stamped(u8::from(fleet.failing > 0)) {
        state.apply(&stamped).unwrap();
        live.tell(&stamped, &state).unwrap();
        if state.ended().is_none() {
            live.tick(&state, stamped.at_ms).unwrap();
            live.bar().tick();
            watch(&term.contents());
        }
    }
    term.contents()
}

#[test]
fn a_run_of_three_ends_with_its_summary_and_nothing_else() {
    let end = screen(&Fleet { nodes: 3, failing: 0, unknown: 0, seed: 3 }, (30, 100), |_| ());
    assert_eq!(end, include_str!("../../tests/fixtures/report/screen.txt").trim_end());
}

#[test]
fn failures_stay_above_the_table() {
    let mut table_was_last = true;
    let end = screen(&Fleet { nodes: 3, failing: 40, unknown: 0, seed: 4 }, (40, 160), |seen| {
        if let Some(table) = seen.rfind(" server3 ") {
            table_was_last &= seen.rfind("remedy:").is_none_or(|failure| failure < table);
        }
    });
    assert!(table_was_last);
    assert!(
        end.contains("failed: the package `glusterfs-server` cannot be installed\n  │ script: exit code 100"),
        "{end}"
    );
    assert_eq!(end.matches("remedy:").count(), end.matches("✘ server").count(), "{end}");
    assert!(!end.contains("waiting"), "the table is gone: {end}");
}

#[test]
fn two_hundred_nodes_do_not_flood_a_small_terminal() {
    let mut most = 0;
    let mut told_of_more = false;
    let end = screen(&Fleet { nodes: 200, failing: 0, unknown: 0, seed: 9 }, (16, 70), |seen| {
        most = most.max(seen.lines().count());
        told_of_more |= seen.contains(".. and 192 more: ");
    });
    assert!(most <= 16 && told_of_more, "{most} lines");
    assert!(end.contains("200 nodes: "), "{end}");
}

#[test]
fn a_question_gets_a_clean_screen() {
    let term = InMemoryTerm::new(20, 80);
    let mut live = Live::new(term.clone(), Paint::PLAIN, false);
    let state = state_at(&Fleet { nodes: 3, failing: 0, unknown: 0, seed: 3 }, 50);
    live.tick(&state, START).unwrap();
    live.bar().tick();
    assert!(term.contents().contains("server2"), "{}", term.contents());
    live.clear().unwrap();
    assert_eq!(term.contents(), "");
    live.tick(&state, START).unwrap();
    live.bar().tick();
    assert!(term.contents().contains("server2"), "{}", term.contents());
}

#[test]
fn narrow_wide_and_foreign_names_are_cut_to_fit() {
    let row = |name: &str| {
        Row::Node(NodeRow {
            name: name.into(),
            standing: Standing::Failed,
            stage: "glusterfs/prepare".into(),
            what: "建立目錄 /data".into(),
            line: "Get:1".into(),
            ms: Some(61_000),
        })
    };
    let lines =
        row_lines(&[row("server1"), row("伺服器二號很長很長很長的名字")], 80, 0, Paint { color: false, unicode: true });
    assert_eq!(
        lines,
        [
            "✘ server1                     glusterfs/prepare  建立目錄 /data  Get:1    1m01s",
            "✘ 伺服器二號很長很長很長的…   glusterfs/prepare  建立目錄 /data  Get:1    1m01s",
        ]
    );
}
