//! As it comes, each line with the node in front.

use std::collections::BTreeMap;
use std::io::{self, Write};

use console::Style;

use super::HandTeller;
use crate::events::HandEnded;
use crate::model::{NodeName, Side};
use crate::report::{Paint, clean};

/// A line that is longer is handed on in pieces.
const LONGEST_LINE: usize = 64 * 1024;

/// Lines on the two streams of this process.
pub struct ByHost<O, E> {
    out: Stream<O>,
    err: Stream<E>,
    open: BTreeMap<(NodeName, Side), Vec<u8>>,
}

struct Stream<W> {
    write: W,
    paint: Paint,
    terminal: bool,
}

impl<O: Write, E: Write> ByHost<O, E> {
    /// On a terminal, what a node sends cannot move the cursor; elsewhere bytes stay as they are.
    pub fn new((out, out_paint): (O, Paint), (err, err_paint): (E, Paint), terminals: (bool, bool)) -> Self {
        Self {
            out: Stream { write: out, paint: out_paint, terminal: terminals.0 },
            err: Stream { write: err, paint: err_paint, terminal: terminals.1 },
            open: BTreeMap::new(),
        }
    }

    fn lines(&mut self, node: &NodeName, side: Side, lines: &[&[u8]]) -> io::Result<()> {
        match side {
            Side::Out => self.out.lines(node, &Style::new().cyan(), lines),
            Side::Err => self.err.lines(node, &Style::new().yellow(), lines),
        }
    }
}

impl<W: Write> Stream<W> {
    fn lines(&mut self, node: &NodeName, style: &Style, lines: &[&[u8]]) -> io::Result<()> {
        let before = self.paint.apply(style, &format!("{}:", clean(node.as_str())));
        let mut text = Vec::new();
        for line in lines {
            text.extend_from_slice(before.as_bytes());
            text.push(b' ');
            if self.terminal {
                text.extend_from_slice(clean(&String::from_utf8_lossy(line)).as_bytes());
            } else {
                text.extend_from_slice(line);
            }
            text.push(b'\n');
        }
        self.write.write_all(&text)?;
        self.write.flush()
    }
}

impl<O: Write + Send, E: Write + Send> HandTeller for ByHost<O, E> {
    fn heard(&mut self, node: &NodeName, side: Side, bytes: &[u8]) -> io::Result<()> {
        let mut open = self.open.remove(&(node.clone(), side)).unwrap_or_default();
        open.extend_from_slice(bytes);
        let whole = match open.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => end + 1,
            None if open.len() >= LONGEST_LINE => open.len(),
            None => 0,
        };
        let rest = open.split_off(whole);
        if !open.is_empty() {
            let lines: Vec<&[u8]> = open.strip_suffix(b"\n").unwrap_or(&open).split(|&byte| byte == b'\n').collect();
            self.lines(node, side, &lines)?;
        }
        if !rest.is_empty() {
            self.open.insert((node.clone(), side), rest);
        }
        Ok(())
    }

    fn ended(&mut self, ended: &HandEnded) -> io::Result<()> {
        for side in [Side::Out, Side::Err] {
            if let Some(rest) = self.open.remove(&(ended.node.clone(), side)) {
                self.lines(&ended.node, side, &[&rest])?;
            }
        }
        Ok(())
    }
}
