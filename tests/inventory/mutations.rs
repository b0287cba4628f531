//! Whatever a hand slips on the keyboard: an inventory, or a problem with a place; never a panic.

use std::path::Path;

use bricklayer::inventory::{Draft, Places};
use bricklayer::yaml::Source;
use proptest::prelude::*;

use super::finish;

#[derive(Clone, Debug)]
enum Slip {
    Delete(usize, usize),
    Insert(usize, String),
    Repeat(usize, usize, usize),
    Swap(usize, usize),
}

fn slip() -> impl Strategy<Value = Slip> {
    let at = 0..4000_usize;
    let piece = prop_oneof![
        Just("\t"),
        Just("  "),
        Just("\n"),
        Just("- "),
        Just(": "),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just("&a "),
        Just("*a"),
        Just("<<: *a\n"),
        Just("'"),
        Just("\""),
        Just("|\n"),
        Just("---\n"),
        Just("!!str "),
        Just("#"),
        Just("\0"),
        Just("\u{feff}"),
        Just("é"),
        Just("\r"),
        Just("../"),
        Just("99999999999999999999"),
        Just("~"),
        Just("%"),
        Just("? "),
        Just("\\x"),
        Just(","),
    ];
    prop_oneof![
        (at.clone(), 1..40_usize).prop_map(|(at, length)| Slip::Delete(at, length)),
        (at.clone(), piece).prop_map(|(at, piece)| Slip::Insert(at, piece.to_owned())),
        (at.clone(), ".{0,8}").prop_map(|(at, piece)| Slip::Insert(at, piece)),
        (at.clone(), 1..200_usize, at.clone()).prop_map(|(from, length, to)| Slip::Repeat(from, length, to)),
        (at.clone(), at).prop_map(|(one, other)| Slip::Swap(one, other)),
    ]
}

fn apply(text: &[char], slip: &Slip) -> Vec<char> {
    let mut text = text.to_vec();
    let within = |at: usize| at % (text.len() + 1);
    match slip {
        Slip::Delete(at, length) => {
            let at = within(*at);
            text.drain(at..(at + length).min(text.len()));
        }
        Slip::Insert(at, piece) => {
            let at = within(*at);
            text.splice(at..at, piece.chars());
        }
        Slip::Repeat(from, length, to) => {
            let (from, to) = (within(*from), within(*to));
            let piece: Vec<char> = text[from..(from + length).min(text.len())].to_vec();
            text.splice(to..to, piece);
        }
        Slip::Swap(one, other) if !text.is_empty() => {
            let (one, other) = (one % text.len(), other % text.len());
            text.swap(one, other);
        }
        Slip::Swap(..) => {}
    }
    text
}

fn texts() -> Vec<Vec<char>> {
    ["inventory/example", "anchors", "interface", "glusterfs", "ssh"]
        .map(|name| match name.split_once('/') {
            Some(_) => format!("{name}.yml"),
            None => format!("tests/fixtures/inventory/good/{name}.yml"),
        })
        .map(|path| std::fs::read_to_string(path).unwrap().chars().collect())
        .to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_slip_gives_an_inventory_or_a_problem_with_a_place(
        which in 0..5_usize,
        slips in prop::collection::vec(slip(), 1..6),
    ) {
        let text = slips.iter().fold(texts()[which].clone(), |text, slip| apply(&text, slip));
        let text: String = text.into_iter().collect();
        let places = Places { beside: "/etc/bricklayer".into(), home: Some("/home/admin".into()) };
        match finish(Draft::of(Path::new("a.yml"), Source::new("a.yml", &text), &places)) {
            Ok((inventory, spec)) => {
                prop_assert!(!inventory.nodes.is_empty());
                prop_assert!(!spec.members.is_empty());
            }
            Err(problems) => {
                prop_assert!(problems.failed());
                for problem in &problems.list {
                    let (line, column) = problems.position(problem).expect("a place");
                    prop_assert!(line <= problems.source.text.matches('\n').count() + 1);
                    prop_assert!(column >= 1);
                }
                prop_assert!(problems.render(true).contains("a.yml:"));
            }
        }
    }
}
