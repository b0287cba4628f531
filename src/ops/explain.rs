//! `explain`: what a message means, and what to type then.

use std::io::{self, Read as _};
use std::iter;

use serde_json::json;

use crate::advice::{self, KNOWN};
use crate::ops::Fault;
use crate::report::{clean, print};

/// Which message: its words, `-` for standard input; none is all that are known.
pub fn explain(words: &[String], json: bool) -> Result<u8, Fault> {
    let shown = match words {
        [] => (0, list(json)),
        [only] if only == "-" => {
            let mut text = Vec::new();
            io::stdin().take(1 << 20).read_to_end(&mut text).map_err(Fault::Terminal)?;
            answer(&String::from_utf8_lossy(&text), json)
        }
        words => answer(&words.join(" "), json),
    };
    print(&shown.1).map_err(Fault::Terminal)?;
    Ok(shown.0)
}

fn answer(text: &str, json: bool) -> (u8, String) {
    match (advice::of(text), json) {
        (Some(advice), true) => {
            (0, format!("{}\n", json!({"known": true, "means": advice.means, "next": advice.next})))
        }
        (Some(advice), false) => (0, format!("means: {}\nnext:  {}\n", clean(&advice.means), clean(&advice.next))),
        (None, true) => {
            let near: Vec<_> = advice::nearest(text).into_iter().map(|known| known.example).collect();
            (1, format!("{}\n", json!({"known": false, "nearest": near})))
        }
        (None, false) => {
            let near = advice::nearest(text).into_iter().map(|known| format!("near:  {}\n", known.example));
            let logs = "not known; the logs are in /var/log/glusterfs on the nodes, and in `journalctl -u glusterd`\n";
            (1, iter::once(logs.to_owned()).chain(near).collect())
        }
    }
}

fn list(json: bool) -> String {
    let line = |known: &advice::Known| {
        if json {
            json!({"example": known.example, "means": known.means, "next": known.next}).to_string()
        } else {
            format!("{}\n    means: {}\n    next:  {}", known.example, known.means, known.next)
        }
    };
    KNOWN.iter().map(|known| line(known) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_answered_and_an_unknown_one_says_so() {
        let (code, shown) = answer("Volume v1 is not started", false);
        assert_eq!((code, shown.lines().nth(1)), (0, Some("next:  `gluster volume start v1`, or `bricklayer up`")));
        let (code, shown) = answer("Volume v1 is not startled", true);
        assert!(code == 1 && shown.starts_with("{\"known\":false,\"nearest\":[\"volume"), "{shown}");
        let (code, shown) = answer("\u{1b}[31mis not started", false);
        assert!(code == 1 && !shown.contains('\u{1b}'), "{shown}");
        let hostile = answer("Volume \u{1b}[31mv1 is not started", false).1;
        assert!(!hostile.contains('\u{1b}'), "{hostile}");
        assert_eq!(list(true).lines().count(), KNOWN.len());
    }
}
