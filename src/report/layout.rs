//! How a sentence is laid out: the one place that prints failures, refusals and errors.

use console::Style;

use crate::report::{Mark, Paint, Said, clean};

/// With the manual's marks, for a log: `[ERROR] server1: ..`, evidence and remedy indented below.
pub fn marked(said: &Said, paint: Paint) -> Vec<String> {
    let word = match said.mark {
        Mark::Info => "[INFO]",
        Mark::Success => "[SUCCESS]",
        Mark::Warn => "[WARN]",
        Mark::Error => "[ERROR]",
        Mark::DryRun => "[DRY-RUN]",
    };
    let node = said.node.as_ref().map(|node| format!("{}: ", clean(node))).unwrap_or_default();
    let head = format!("{} {node}", paint.apply(&style(said.mark), word));
    below(said, head, ["    | ", "    remedy: "], paint)
}

/// With signs, for a terminal: `✘ server1  ..`.
pub fn pretty(said: &Said, paint: Paint) -> Vec<String> {
    let sign = match (said.mark, paint.unicode) {
        (Mark::Info | Mark::DryRun, true) => "·",
        (Mark::Info | Mark::DryRun, false) => "-",
        (Mark::Success, true) => "✔",
        (Mark::Success, false) => "+",
        (Mark::Warn, true) => "▲",
        (Mark::Warn, false) => "!",
        (Mark::Error, true) => "✘",
        (Mark::Error, false) => "x",
    };
    let bold = Style::new().bold();
    let node = said.node.as_ref().map(|node| paint.apply(&bold, &clean(node)) + "  ").unwrap_or_default();
    let head = format!("{} {node}", paint.apply(&style(said.mark), sign));
    below(said, head, [if paint.unicode { "  │ " } else { "  | " }, "  remedy: "], paint)
}

/// The sentence after its head, then what belongs to it. A sentence of several lines (a message with the source line
/// under it) goes on below, indented.
fn below(said: &Said, head: String, [bar, help]: [&str; 2], paint: Paint) -> Vec<String> {
    let dim = Style::new().dim();
    let mut text = said.text.lines();
    let mut lines = vec![head + &clean(text.next().unwrap_or_default())];
    lines.extend(text.map(|line| format!("    {}", clean(line))));
    for line in said.evidence.iter().flat_map(|text| text.lines()) {
        lines.push(format!("{}{}", paint.apply(&dim, bar), clean(line)));
    }
    let indent = " ".repeat(help.len());
    for (n, line) in said.remedy.iter().flat_map(|text| text.lines()).enumerate() {
        let head = if n == 0 { paint.apply(&Style::new().cyan(), help) } else { indent.clone() };
        lines.push(head + &clean(line));
    }
    lines
}

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Info => Style::new().blue(),
        Mark::Success => Style::new().green(),
        Mark::Warn => Style::new().yellow(),
        Mark::Error => Style::new().red().bold(),
        Mark::DryRun => Style::new().cyan(),
    }
}
