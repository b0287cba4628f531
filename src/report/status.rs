//! Health, for people and programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::Finding;
use crate::report::clean;

/// Writes findings as one JSON object a line.
pub fn status_json(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    for finding in findings {
        serde_json::to_writer(&mut *out, finding)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes findings as Prometheus' text format: of each its health (0 healthy, 1 degraded, 2 down), and what was seen, numbers as
/// values, words as a label. A metric's lines stand together, as the format wants it.
pub fn status_metrics(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    let mut metrics: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in findings {
        let (kind, name) = (word(finding.kind), label(&finding.name));
        let health = finding.health as u8;
        let mut add = |metric: String, more: String, value: &str| {
            let metric = format!("bricklayer_{kind}_{metric}");
            let line = format!("{metric}{{name=\"{name}\"{more}}} {value}");
            metrics.entry(metric).or_default().push(line);
        };
        add("health".to_owned(), String::new(), &health.to_string());
        for (heading, value) in &finding.seen {
            let heading = word(heading);
            match (number(value), value.split_once('/')) {
                (Some(number), _) => add(heading, String::new(), number),
                (None, Some((part, whole))) if number(part).is_some() && number(whole).is_some() => {
                    add(heading.clone(), String::new(), part);
                    add(format!("{heading}_of"), String::new(), whole);
                }
                _ => add(format!("{heading}_info"), format!(",{heading}=\"{}\"", label(value)), "1"),
            }
        }
    }
    for (metric, lines) in &metrics {
        writeln!(out, "# TYPE {metric} gauge\n{}", lines.join("\n"))?;
    }
    Ok(())
}

fn number(text: &str) -> Option<&str> {
    let digits = text.strip_suffix('%').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn word(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn label(text: &str) -> String {
    clean(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// Writes findings as a table a kind.
pub fn status_tables(out: &mut dyn Write, findings: &[Finding]) -> io::Result<()> {
    for group in findings.chunk_by(|one, other| one.kind == other.kind) {
        table(out, group)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Rows of cells, each column as wide as its widest cell; a line a row.
pub fn grid(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|cell| console::measure_text_width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, width)| console::pad_str(cell, *width, console::Alignment::Left, None));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
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
    for line in grid(&rows) {
        writeln!(out, "{line}")?;
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
        status_tables(&mut out, &[finding]).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(!shown.contains(['\u{1b}', '\u{7}']) && shown.lines().count() == 4, "{shown:?}");
    }

    #[test]
    fn metrics_have_numbers_as_values_and_words_as_labels() {
        let node = |name: &str, health| Finding {
            kind: "node",
            name: name.to_owned(),
            health,
            seen: vec![
                ("glusterd", "running \"10.3\"".to_owned()),
                ("peers", "1/2".to_owned()),
                ("disk", "17%".to_owned()),
                ("to heal", "4".to_owned()),
            ],
            remedy: None,
        };
        let mut out = Vec::new();
        status_metrics(&mut out, &[node("server1", Health::Healthy), node("server2", Health::Down)]).unwrap();
        let expected = "\
# TYPE bricklayer_node_disk gauge
bricklayer_node_disk{name=\"server1\"} 17
bricklayer_node_disk{name=\"server2\"} 17
# TYPE bricklayer_node_glusterd_info gauge
bricklayer_node_glusterd_info{name=\"server1\",glusterd=\"running \\\"10.3\\\"\"} 1
bricklayer_node_glusterd_info{name=\"server2\",glusterd=\"running \\\"10.3\\\"\"} 1
# TYPE bricklayer_node_health gauge
bricklayer_node_health{name=\"server1\"} 0
bricklayer_node_health{name=\"server2\"} 2
# TYPE bricklayer_node_peers gauge
bricklayer_node_peers{name=\"server1\"} 1
bricklayer_node_peers{name=\"server2\"} 1
# TYPE bricklayer_node_peers_of gauge
bricklayer_node_peers_of{name=\"server1\"} 2
bricklayer_node_peers_of{name=\"server2\"} 2
# TYPE bricklayer_node_to_heal gauge
bricklayer_node_to_heal{name=\"server1\"} 4
bricklayer_node_to_heal{name=\"server2\"} 4
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
