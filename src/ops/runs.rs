//! `runs`: what was done when.

use serde_json::json;

use crate::events::NodeSummary;
use crate::ops::Fault;
use crate::report::{EVENTS, Replay, RunFolder, clean, duration, grid, list_runs, meaning, print, state_home};

/// Shows the newest runs, that many at most, from their journals. Answers the exit code.
pub fn runs(most: usize, json: bool) -> Result<u8, Fault> {
    let home = state_home(&|name| std::env::var_os(name))?;
    let all = list_runs(&home)?;
    let told: Vec<_> = all.iter().take(most).map(|folder| (folder, Told::of(folder))).collect();
    let text = if json { lines(&told) } else { table(&told, all.len(), &home.display().to_string()) };
    print(&text).map_err(Fault::Terminal)?;
    Ok(0)
}

// What the journal of a run says.
#[derive(Default)]
struct Told {
    command: String,
    inventory: String,
    /// `None`: it was cut short.
    code: Option<u8>,
    changed: u32,
    failed: u32,
    ms: u64,
    /// Why the journal cannot be read.
    fault: Option<String>,
}

impl Told {
    fn of(folder: &RunFolder) -> Self {
        let state = match Replay::read(&folder.path.join(EVENTS), &mut []) {
            Ok(replay) => replay.state,
            Err(error) => return Self { fault: Some(error.to_string()), ..Self::default() },
        };
        let summary = state.summary();
        let sum = |count: fn(&NodeSummary) -> u32| summary.nodes.values().map(count).sum();
        Self {
            command: state.command().to_owned(),
            inventory: state.inventory().to_owned(),
            code: state.ended(),
            changed: sum(|node| node.changed),
            failed: sum(|node| node.failed),
            ms: summary.ms,
            fault: None,
        }
    }

    fn end(&self) -> String {
        match self.code {
            _ if self.fault.is_some() => "unreadable".to_owned(),
            None => "cut short".to_owned(),
            Some(0) => "done".to_owned(),
            Some(code) => format!("{code}: {}", meaning(code, self.failed)),
        }
    }
}

fn table(told: &[(&RunFolder, Told)], all: usize, home: &str) -> String {
    if told.is_empty() {
        return format!("no run has left a journal in {home}\n");
    }
    let mut rows = vec![["RUN", "TIME", "CHANGED", "FAILED", "END", "COMMAND"].map(str::to_owned).to_vec()];
    rows.extend(told.iter().map(|(folder, one)| {
        let what = one.fault.as_ref().unwrap_or(&one.command);
        vec![
            folder.name.clone(),
            duration(one.ms),
            one.changed.to_string(),
            one.failed.to_string(),
            one.end(),
            clean(what),
        ]
    }));
    let mut lines = grid(&rows);
    if all > told.len() {
        lines.push(format!("and {} before these, in {home}", all - told.len()));
    }
    lines.join("\n") + "\n"
}

fn lines(told: &[(&RunFolder, Told)]) -> String {
    let line = |(folder, one): &(&RunFolder, Told)| {
        json!({
            "run": folder.name,
            "folder": folder.path.display().to_string(),
            "command": one.command,
            "inventory": one.inventory,
            "code": one.code,
            "changed": one.changed,
            "failed": one.failed,
            "ms": one.ms,
            "fault": one.fault,
        })
        .to_string()
            + "\n"
    };
    told.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(runs: &std::path::Path, name: &str, journal: &str) -> RunFolder {
        let path = runs.join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join(EVENTS), journal).unwrap();
        RunFolder { name: name.to_owned(), path }
    }

    #[test]
    fn a_run_that_was_cut_short_and_one_that_cannot_be_read_are_shown_as_such() {
        let home = tempfile::tempdir().unwrap();
        let begun = "{\"seq\":0,\"at_ms\":1,\"event\":\"run_started\",\"run\":\"a\",\"command\":\"bricklayer up\",\
                     \"inventory\":\"i.yml\",\"nodes\":[]}\n";
        let ended =
            "{\"seq\":1,\"at_ms\":1501,\"event\":\"run_ended\",\"code\":4,\"summary\":{\"nodes\":{},\"ms\":1500}}\n";
        let folders = [
            run(home.path(), "c", "none of ours\n"),
            run(home.path(), "b", begun),
            run(home.path(), "a", &format!("{begun}{ended}")),
        ];
        let told: Vec<_> = folders.iter().map(|folder| (folder, Told::of(folder))).collect();
        let text = table(&told, 5, "HOME");
        let shown: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(shown[1].starts_with("c 0.0s 0 0 unreadable line 1 of the journal"), "{text}");
        assert_eq!(shown[2], "b 0.0s 0 0 cut short bricklayer up");
        assert_eq!(shown[3], "a 1.5s 0 0 4: a node could not be reached or refused us bricklayer up");
        assert_eq!(shown[4], "and 2 before these, in HOME");
        assert!(lines(&told).lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    }
}
