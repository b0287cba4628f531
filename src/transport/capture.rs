//! Output in bounded memory, and its lines as they come.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::api::Captured;
use crate::model::Side;

/// Bytes kept of the beginning, and of the end.
pub(crate) const KEPT: usize = 64 * 1024;
/// A line is cut after this many bytes on its way to a live view; the capture is not affected.
pub(crate) const LONGEST_LINE: usize = 8 * 1024;

/// The first and the last [`KEPT`] bytes of a stream.
#[derive(Debug, Default)]
pub(crate) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

impl Capture {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (first, rest) = bytes.split_at(bytes.len().min(KEPT - self.head.len()));
        self.head.extend_from_slice(first);
        let rest = &rest[rest.len().saturating_sub(KEPT)..];
        let overflow = (self.tail.len() + rest.len()).saturating_sub(KEPT);
        self.tail.drain(..overflow);
        self.tail.extend(rest);
    }

    /// The first line, once it is whole.
    pub(crate) fn first_line(&self) -> Option<String> {
        let newline = self.head.iter().position(|&byte| byte == b'\n')?;
        Some(String::from_utf8_lossy(&self.head[..newline]).into_owned())
    }

    pub(crate) fn finish(self) -> Captured {
        let left_out = self.total - self.head.len() as u64 - self.tail.len() as u64;
        let tail = Vec::from(self.tail);
        let text = if left_out == 0 {
            // Joined before it is read as text: a character may lie across the border.
            String::from_utf8_lossy(&[self.head, tail].concat()).into_owned()
        } else {
            let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&tail));
            let newline = if head.ends_with('\n') { "" } else { "\n" };
            format!("{head}{newline}[.. {left_out} bytes left out ..]\n{tail}")
        };
        Captured { text, total: self.total }
    }
}

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    partial: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// Hands over each line that `bytes` completes.
    pub(crate) fn push(&mut self, bytes: &[u8], line: &(dyn Fn(&str) + Send + Sync)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (piece, ended) = piece.strip_suffix(b"\n").map_or((piece, false), |piece| (piece, true));
            let room = LONGEST_LINE - self.partial.len();
            self.too_long |= piece.len() > room;
            self.partial.extend_from_slice(&piece[..piece.len().min(room)]);
            if ended {
                self.hand_over(line);
            }
        }
    }

    /// Hands over what is left when the stream ends without a newline.
    pub(crate) fn finish(&mut self, line: &(dyn Fn(&str) + Send + Sync)) {
        if !self.partial.is_empty() {
            self.hand_over(line);
        }
    }

    fn hand_over(&mut self, line: &(dyn Fn(&str) + Send + Sync)) {
        let text = String::from_utf8_lossy(&self.partial);
        if self.too_long {
            line(&format!("{text} [..]"));
        } else {
            line(&text);
        }
        self.partial.clear();
        self.too_long = false;
    }
}

/// Both outputs of a script, cut into lines for one listener.
pub(crate) struct ByLine<'a> {
    sides: Mutex<[Lines; 2]>,
    line: &'a (dyn Fn(&str) + Send + Sync),
}

impl<'a> ByLine<'a> {
    pub(crate) fn new(line: &'a (dyn Fn(&str) + Send + Sync)) -> Self {
        Self { sides: Mutex::default(), line }
    }

    pub(crate) fn hear(&self, side: Side, bytes: &[u8]) {
        self.sides()[usize::from(side == Side::Err)].push(bytes, self.line);
    }

    /// Hands over what ended without a newline.
    pub(crate) fn finish(&self) {
        self.sides().iter_mut().for_each(|side| side.finish(self.line));
    }

    fn sides(&self) -> MutexGuard<'_, [Lines; 2]> {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn short_output_is_kept_whole() {
        let mut capture = Capture::default();
        capture.push("é".as_bytes().split_at(1).0);
        capture.push("é".as_bytes().split_at(1).1);
        capture.push(b"\xff\n");
        assert_eq!(capture.finish(), Captured { text: "é\u{fffd}\n".into(), total: 4 });
    }

    #[test]
    fn up_to_both_ends_nothing_is_left_out() {
        for size in [KEPT - 1, KEPT, KEPT + 1, 2 * KEPT] {
            let mut capture = Capture::default();
            let bytes: Vec<u8> = (b'a'..=b'z').cycle().take(size).collect();
            bytes.chunks(7919).for_each(|chunk| capture.push(chunk));
            assert_eq!(capture.finish().text.as_bytes(), bytes);
        }
    }

    #[test]
    fn the_middle_of_a_flood_is_counted() {
        for chunk in [1000, 3 * KEPT] {
            let mut capture = Capture::default();
            let bytes: Vec<u8> = (b'a'..b'x').cycle().take(10 * KEPT).collect();
            bytes.chunks(chunk).for_each(|chunk| capture.push(chunk));
            let captured = capture.finish();
            let left_out = format!("\n[.. {} bytes left out ..]\n", 8 * KEPT);
            assert_eq!(captured.total, 10 * KEPT as u64);
            let (head, tail) = captured.text.split_once(&left_out).unwrap();
            assert_eq!(head.as_bytes(), &bytes[..KEPT]);
            assert_eq!(tail.as_bytes(), &bytes[9 * KEPT..]);
        }
    }

    #[test]
    fn lines_come_whole_whatever_the_pieces() {
        let text = b"one\n\ntwo \xffthree\r\nrest";
        for size in 1..text.len() {
            let seen = Mutex::new(Vec::new());
            let push = |line: &str| seen.lock().unwrap().push(line.to_owned());
            let mut lines = Lines::default();
            text.chunks(size).for_each(|chunk| lines.push(chunk, &push));
            lines.finish(&push);
            lines.finish(&push);
            assert_eq!(*seen.lock().unwrap(), ["one", "", "two \u{fffd}three\r", "rest"]);
        }
    }

    #[test]
    fn a_long_line_is_cut_once() {
        let seen = Mutex::new(Vec::new());
        let push = |line: &str| seen.lock().unwrap().push(line.len());
        let mut lines = Lines::default();
        (0..100).for_each(|_| lines.push(&[b'x'; 1000], &push));
        lines.push(b"\nshort\n", &push);
        assert_eq!(*seen.lock().unwrap(), [LONGEST_LINE + " [..]".len(), 5]);
    }
}
