//! One object a line.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::json;

use super::HandTeller;
use super::ending::hand_code;
use crate::events::HandEnded;
use crate::model::{NodeName, Side};

/// On one stream: `line`, `ended`, and `finished` last of all. What is not UTF-8 is shown by U+FFFD.
pub struct HandJson<W> {
    write: W,
    open: BTreeMap<(NodeName, Side), Vec<u8>>,
}

impl<W: Write> HandJson<W> {
    /// To this stream.
    pub fn new(write: W) -> Self {
        Self { write, open: BTreeMap::new() }
    }

    fn line(&mut self, node: &NodeName, side: Side, line: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(line);
        self.object(&json!({ "event": "line", "node": node, "side": side, "line": text }))
    }

    fn object(&mut self, object: &serde_json::Value) -> io::Result<()> {
        writeln!(self.write, "{object}")?;
        self.write.flush()
    }
}

impl<W: Write + Send> HandTeller for HandJson<W> {
    fn heard(&mut self, node: &NodeName, side: Side, bytes: &[u8]) -> io::Result<()> {
        const LONGEST_LINE: usize = 1024 * 1024;
        let mut open = self.open.remove(&(node.clone(), side)).unwrap_or_default();
        open.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(end) = open[from..].iter().position(|&byte| byte == b'\n') {
            self.line(node, side, &open[from..from + end])?;
            from += end + 1;
        }
        let rest = open.split_off(from);
        if rest.len() > LONGEST_LINE {
            return self.line(node, side, &rest);
        }
        if !rest.is_empty() {
            self.open.insert((node.clone(), side), rest);
        }
        Ok(())
    }

    fn ended(&mut self, ended: &HandEnded) -> io::Result<()> {
        for side in [Side::Out, Side::Err] {
            if let Some(rest) = self.open.remove(&(ended.node.clone(), side)) {
                self.line(&ended.node, side, &rest)?;
            }
        }
        let mut object = serde_json::to_value(ended).map_err(io::Error::other)?;
        object["event"] = json!("ended");
        self.object(&object)
    }

    fn finish(&mut self, all: &[HandEnded]) -> io::Result<()> {
        let fine = all.iter().filter(|one| one.end.is_fine()).count();
        let ms = all.iter().map(|one| one.ms).max().unwrap_or(0);
        let summary = json!({ "event": "finished", "nodes": all.len(), "fine": fine, "slowest_ms": ms,
                              "exit_code": hand_code(all) });
        self.object(&summary)
    }
}
