//! Names of many nodes in few letters: `server[1-3,7]`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::model::NodeName;

/// What a name looks like around its number, and how the number is written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shape<'a> {
    before: &'a str,
    number: Number,
    after: &'a str,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    None,
    Plain,
    /// To this width, with zeros.
    Padded(usize),
}

/// Longer digits are no number of a node but a serial or a hash; they stay as they are, and fit in `u64`.
const LONGEST_NUMBER: usize = 9;

/// A set of names, those that differ in a number folded: `server[1-3,7]`, `node[08-11].example.org`, `alpha`. The
/// number is the last one of the host part (before the first dot). Addresses are not folded. Names are in order,
/// each once.
pub fn fold(names: &[NodeName]) -> String {
    folded(names).join(",")
}

/// The same, each shape of name by itself.
pub fn folded(names: &[NodeName]) -> Vec<String> {
    let names: BTreeSet<&str> = names.iter().map(NodeName::as_str).collect();
    let mut widths: BTreeSet<Shape<'_>> = BTreeSet::new();
    for (before, digits, after) in names.iter().filter_map(|name| split(name)) {
        if digits.len() > 1 && digits.starts_with('0') {
            widths.insert(Shape { before, number: Number::Padded(digits.len()), after });
        }
    }
    let mut groups: BTreeMap<Shape<'_>, BTreeSet<u64>> = BTreeMap::new();
    for name in names {
        let Some((before, digits, after)) = split(name) else {
            groups.entry(Shape { before: name, number: Number::None, after: "" }).or_default();
            continue;
        };
        let padded = Shape { before, number: Number::Padded(digits.len()), after };
        let shape = if widths.contains(&padded) { padded } else { Shape { number: Number::Plain, ..padded } };
        groups.entry(shape).or_default().extend(digits.parse::<u64>());
    }
    groups.iter().map(|(shape, numbers)| written(shape, numbers)).collect()
}

/// What comes before the number, the number, and what comes after.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    if name.parse::<IpAddr>().is_ok() {
        return None;
    }
    let host = &name[..name.find('.').unwrap_or(name.len())];
    let end = host.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = host[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
    let digits = &name[start..end];
    (digits.len() <= LONGEST_NUMBER).then_some((&name[..start], digits, &name[end..]))
}

fn written(shape: &Shape<'_>, numbers: &BTreeSet<u64>) -> String {
    let Shape { before, number, after } = shape;
    let width = if let Number::Padded(width) = number { *width } else { 0 };
    let number = |n: u64| format!("{n:0width$}");
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for &n in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => ranges.push((n, n)),
        }
    }
    let range =
        |&(from, to): &(u64, u64)| if from == to { number(from) } else { format!("{}-{}", number(from), number(to)) };
    match &ranges[..] {
        [] => (*before).to_owned(),
        [(from, to)] if from == to => format!("{before}{}{after}", number(*from)),
        _ => format!("{before}[{}]{after}", ranges.iter().map(range).collect::<Vec<_>>().join(",")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(names: &str) -> String {
        fold(&names.split_whitespace().map(NodeName::new).collect::<Vec<_>>())
    }

    #[test]
    fn names_fold_as_admins_write_them() {
        for (names, text) in [
            ("", ""),
            ("server1", "server1"),
            ("alpha", "alpha"),
            ("node1 node node2", "node,node[1-2]"),
            ("server3 server1 server2 server1", "server[1-3]"),
            ("server1 server2 server4", "server[1-2,4]"),
            ("server9 server10 server11", "server[9-11]"),
            ("node08 node09 node10 node11", "node[08-11]"),
            ("node001 node100 node099", "node[001,099-100]"),
            ("node1 node01 node001", "node1,node01,node001"),
            ("node9 node10 node010", "node[9-10],node010"),
            ("web1.example.org web2.example.org web2.example.com", "web2.example.com,web[1-2].example.org"),
            ("rack1-node1 rack1-node2 rack2-node1", "rack1-node[1-2],rack2-node1"),
            ("db1a db2a", "db[1-2]a"),
            ("dc2.example dc3.example", "dc[2-3].example"),
            ("host.dc2 host.dc3", "host.dc2,host.dc3"),
            ("10.0.0.1 10.0.0.2 fe80::1 fe80::2", "10.0.0.1,10.0.0.2,fe80::1,fe80::2"),
            ("1 2 3", "[1-3]"),
            ("é1 é2", "é[1-2]"),
            ("i-0123456789012345678901 i-0123456789012345678902", "i-0123456789012345678901,i-0123456789012345678902"),
        ] {
            assert_eq!(folded(names), text, "{names}");
        }
    }

    /// Written from the notation alone: brackets hold numbers and ranges, as wide as their first number is written.
    fn expand(text: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut rest = text;
        while !rest.is_empty() {
            let open = rest.find('[').unwrap_or(rest.len());
            let end = match rest.find(',') {
                Some(comma) if comma < open => comma,
                _ => rest
                    .find(']')
                    .map_or(rest.len(), |close| close + rest[close..].find(',').unwrap_or(rest.len() - close)),
            };
            let word = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or("");
            let Some((before, more)) = word.split_once('[') else {
                names.insert(word.to_owned());
                continue;
            };
            let (ranges, after) = more.split_once(']').unwrap();
            for range in ranges.split(',') {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                for n in from.parse::<u64>().unwrap()..=to.parse::<u64>().unwrap() {
                    names.insert(format!("{before}{n:0width$}{after}", width = from.len()));
                }
            }
        }
        names
    }

    proptest! {
        #[test]
        fn what_is_folded_unfolds_to_the_same(names in proptest::collection::btree_set("[a-b]{0,1}[0-2]{0,3}[a-]?[019]{0,3}(\\.x[1-2])?", 0..30)) {
            prop_assume!(!names.contains(""));
            let list: Vec<NodeName> = names.iter().map(|name| NodeName::new(name)).collect();
            let text = fold(&list);
            prop_assert_eq!(expand(&text), names, "{}", text);
        }
    }
}
