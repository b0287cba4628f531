//! When all have ended, what is the same once, under the names of all that said it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use console::Style;
use indicatif::HumanBytes;

use super::HandTeller;
use super::ending::how;
use super::kept::{Kept, Spill};
use crate::events::{HandEnd, HandEnded};
use crate::model::{NodeName, Side};
use crate::report::{Mark, Paint, Said, clean, count, hosts, marked};

/// Blocks on the two streams of this process.
pub struct Grouped<O, E> {
    out: (O, Paint),
    err: (E, Paint),
    /// What a node sends must not move the cursor of standard output, of standard error.
    terminals: (bool, bool),
    kept: BTreeMap<NodeName, [Kept; 2]>,
    spill: Spill,
}

impl<O: Write, E: Write> Grouped<O, E> {
    /// Output that is too long for the memory goes where `spill` says.
    pub fn new(out: (O, Paint), err: (E, Paint), terminals: (bool, bool), spill: Spill) -> Self {
        Self { out, err, terminals, kept: BTreeMap::new(), spill }
    }

    fn block(&mut self, names: &[NodeName], end: &HandEnd) -> io::Result<()> {
        let Some(sides) = names.first().and_then(|node| self.kept.get_mut(node)) else { return Ok(()) };
        let head = format!("{} ({}): {}", hosts::fold(names), count(names.len(), "node"), how(end));
        let style = if end.is_fine() { Style::new().bold() } else { Style::new().red().bold() };
        let [out, err] = sides;
        write_block(&mut self.out, (&head, &style), out, self.terminals.0)?;
        if !err.is_empty() {
            write_block(&mut self.err, (&format!("{head}, standard error"), &style), err, self.terminals.1)?;
        }
        let files: Vec<_> = sides.iter().filter_map(Kept::file).map(|(path, bytes)| kept(names, path, bytes)).collect();
        for other in &names[1..] {
            self.kept.get_mut(other).into_iter().flatten().try_for_each(Kept::forget)?;
        }
        let (err, paint) = &mut self.err;
        files.iter().flat_map(|said| marked(said, *paint)).try_for_each(|line| writeln!(err, "{line}"))
    }
}

fn kept(names: &[NodeName], path: &Path, bytes: u64) -> Said {
    let text = format!("{} were printed, and are also in `{}`", HumanBytes(bytes), path.display());
    Said { node: Some(hosts::fold(names)), ..Said::new(Mark::Info, text) }
}

fn write_block(
    (write, paint): &mut (impl Write, Paint),
    (head, style): (&str, &Style),
    kept: &mut Kept,
    terminal: bool,
) -> io::Result<()> {
    writeln!(write, "{}", paint.apply(style, &format!("---- {}", clean(head))))?;
    let mut last = b'\n';
    kept.read(|piece| {
        last = piece.last().copied().unwrap_or(last);
        if !terminal {
            return write.write_all(piece);
        }
        piece.split_inclusive(|&byte| byte == b'\n').try_for_each(|line| {
            let text = clean(&String::from_utf8_lossy(line));
            write.write_all(text.as_bytes())?;
            if line.ends_with(b"\n") { write.write_all(b"\n") } else { Ok(()) }
        })
    })?;
    if last != b'\n' {
        write.write_all(b"\n")?;
    }
    write.flush()
}

impl<O: Write + Send, E: Write + Send> HandTeller for Grouped<O, E> {
    fn heard(&mut self, node: &NodeName, side: Side, bytes: &[u8]) -> io::Result<()> {
        let kept = &mut self.kept.entry(node.clone()).or_default()[usize::from(side == Side::Err)];
        let name = || {
            let kind = if side == Side::Out { "out" } else { "err" };
            format!("{}.{kind}", node.as_str().replace('/', "_"))
        };
        kept.push(bytes, name, &mut self.spill)
    }

    fn ended(&mut self, ended: &HandEnded) -> io::Result<()> {
        self.kept.entry(ended.node.clone()).or_default();
        Ok(())
    }

    fn finish(&mut self, all: &[HandEnded]) -> io::Result<()> {
        let mut groups: Vec<(Vec<NodeName>, &HandEnd)> = Vec::new();
        let mut likenesses = Vec::new();
        // What was printed before something went wrong may say what.
        let printed = |node: &NodeName| self.kept.get(node).is_some_and(|sides| !sides.iter().all(Kept::is_empty));
        let shown = all.iter().filter(|one| matches!(one.end, HandEnd::Code { .. }) || printed(&one.node));
        for HandEnded { node, end, .. } in shown {
            let sides = self.kept.get(node);
            let likeness = (sides.map(|sides| sides.each_ref().map(Kept::likeness)), end);
            if let Some(at) = likenesses.iter().position(|known| *known == likeness) {
                groups[at].0.push(node.clone());
            } else {
                likenesses.push(likeness);
                groups.push((vec![node.clone()], end));
            }
        }
        groups.iter().try_for_each(|(names, end)| self.block(names, end))
    }
}
