//! The end of a run.

use console::{Alignment, measure_text_width, pad_str};

use crate::events::{NodeSummary, RunState, Summary};
use crate::model::NodeName;
use crate::report::say::still_running;
use crate::report::{Mark, Said, clean, count, duration, hosts};

/// Up to so many nodes each has a line of its own; of more, those with the same counts share one.
const LINES: usize = 12;

const HEAD: [&str; 6] = ["node", "changed", "unchanged", "failed", "skipped", "time"];

/// The table of a summary, a header first. The time is that of a node's steps, of the slowest where several share a
/// line. Names of several nodes can be long, so they come last then and may wrap.
pub fn table(summary: &Summary) -> Vec<String> {
    // Where no step ran there is nothing to count.
    let idle = |node: &NodeSummary| node.changed + node.unchanged + node.failed + node.skipped == 0;
    if summary.nodes.values().all(idle) {
        return Vec::new();
    }
    let mut groups: Vec<(Vec<NodeName>, NodeSummary)> = Vec::new();
    for (name, node) in &summary.nodes {
        let alike =
            |(_, other): &&mut (Vec<NodeName>, NodeSummary)| NodeSummary { ms: node.ms, ..other.clone() } == *node;
        match groups.iter_mut().find(alike).filter(|_| summary.nodes.len() > LINES) {
            Some((names, shared)) => {
                names.push(name.clone());
                shared.ms = shared.ms.max(node.ms);
            }
            None => groups.push((vec![name.clone()], node.clone())),
        }
    }
    let mut cells = vec![HEAD.map(str::to_owned)];
    cells.extend(groups.iter().map(|(names, node)| row(names, node)));
    if summary.nodes.len() > LINES {
        for row in &mut cells {
            row.rotate_left(1);
        }
    }
    align(&cells)
}

fn row(names: &[NodeName], node: &NodeSummary) -> [String; 6] {
    let time = if node.unreachable { "unreachable".to_owned() } else { duration(node.ms) };
    let [changed, unchanged, failed, skipped] =
        [node.changed, node.unchanged, node.failed, node.skipped].map(|n| n.to_string());
    [clean(&hosts::fold(names)), changed, unchanged, failed, skipped, time]
}

fn align(cells: &[[String; 6]]) -> Vec<String> {
    let width = |column: usize| cells.iter().map(|row| measure_text_width(&row[column])).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4, 5].map(width);
    let line = |row: &[String; 6]| {
        let pad = |(n, cell): (usize, &String)| {
            let name = cells[0][n] == HEAD[0];
            let side = if name { Alignment::Left } else { Alignment::Right };
            pad_str(cell, widths[n], side, None).into_owned()
        };
        row.iter().enumerate().map(pad).collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect()
}

/// The last words of a run: what is still running where, and one line with what came of it.
pub fn ending(state: &RunState) -> Vec<Said> {
    let summary = state.summary();
    let sum = |count: fn(&NodeSummary) -> u32| summary.nodes.values().map(count).sum::<u32>();
    let changed = sum(|node| node.changed);
    let unchanged = sum(|node| node.unchanged);
    let failed = sum(|node| node.failed);
    let skipped = sum(|node| node.skipped);
    let lost = match sum(|node| u32::from(node.unreachable)) {
        0 => String::new(),
        lost => format!(", {lost} unreachable"),
    };
    let nodes = count(summary.nodes.len(), "node");
    let time = duration(summary.ms);
    let text =
        format!("{nodes}: {changed} changed, {unchanged} unchanged, {failed} failed, {skipped} skipped{lost}, {time}");
    let code = state.ended().unwrap_or(70);
    let (mark, why) = verdict(code, failed);
    let mut said = still_running(state);
    said.push(Said::new(mark, if why.is_empty() { text } else { format!("{text}; {why} (exit code {code})") }));
    said
}

/// What the exit code of a run with so many failed steps means, in a few words; 0 needs none.
pub fn meaning(code: u8, failed: u32) -> &'static str {
    verdict(code, failed).1
}

/// What an exit code means (interface.md "Exit codes").
fn verdict(code: u8, failed: u32) -> (Mark, &'static str) {
    match code {
        0 => (Mark::Success, ""),
        10 => (Mark::Info, "changes pending"),
        1 if failed == 0 => (Mark::Error, "not all is as wanted yet"),
        1 => (Mark::Error, "a step failed"),
        3 => (Mark::Error, "inventory or playbook invalid"),
        4 => (Mark::Error, "a node could not be reached or refused us"),
        5 => (Mark::Error, "refused, because it would not be safe"),
        6 => (Mark::Error, "interrupted"),
        7 => (Mark::Warn, "degraded"),
        8 => (Mark::Error, "down"),
        70 => (Mark::Error, "a bug of bricklayer"),
        _ => (Mark::Error, "failed"),
    }
}
