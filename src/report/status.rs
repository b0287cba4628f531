//! Health, for people and programs.

use std::io::{self, Write};

use crate::model::Finding;
use crate::report::clean;

/// Writes findings as a table a kind, or as one JSON object a line.
pub fn status_lines(out: &mut dyn Write, findings: &[Finding], json: bool) -> io::Result<()> {
    if json {
        for finding in findings {
            serde_json::to_writer(&mut *out, finding)?;
            writeln!(out)?;
        }
        return Ok(());
    }
    for group in findings.chunk_by(|one, other| one.kind == other.kind) {
        table(out, group)?;
        writeln!(out)?;
    }
    Ok(())
}

fn table(out: &mut dyn Write, group: &[Finding]) -> io::Result<()> {
    let mut headings = vec![group[0].kind.to_uppercase(), "HEALTH".to_owned()];
    let widest = group.iter().max_by_key(|finding| finding.seen.len());
    headings.extend(widest.into_iter().flat_map(|finding| &finding.seen).map(|(heading, _)| heading.to_uppercase()));
    let mut rows = vec![headings];
    for finding in group {
        let mut row = vec![clean(&finding.name), finding.health.to_string()];
        row.extend(finding.seen.iter().map(|(_, value)| clean(value)));
        rows.push(row);
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|cell| console::measure_text_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &rows {
        let cells: Vec<_> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| console::pad_str(cell, *width, console::Alignment::Left, None))
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    for finding in group {
        if let Some(remedy) = &finding.remedy {
            writeln!(out, "  {}: {}", clean(&finding.name), clean(remedy))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Health;

    #[test]
    fn a_name_that_a_node_says_cannot_move_the_cursor() {
        let finding = Finding {
            kind: "split-brain",
            name: "/a\u{1b}[2Jb\n".to_owned(),
            health: Health::Degraded,
            seen: vec![("copy", "c\u{7}d".to_owned())],
            remedy: Some("e\u{1b}[31mf".to_owned()),
        };
        let mut out = Vec::new();
        status_lines(&mut out, &[finding], false).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(!shown.contains(['\u{1b}', '\u{7}']) && shown.lines().count() == 4, "{shown:?}");
    }
}
