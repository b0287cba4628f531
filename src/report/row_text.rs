//! The lines of the live table as text of a given width.

use console::{Alignment, Style, measure_text_width, pad_str, truncate_str};

use crate::events::Standing;
use crate::report::rows::{NodeRow, Row};
use crate::report::{Paint, duration};

/// From this width on the stage has a column; below, the last line names it.
const ROOM_FOR_STAGE: usize = 80;

/// Wider lines are hard to follow from the name to the time.
const WIDEST: usize = 140;

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const SPINNER_ASCII: [&str; 4] = ["|", "/", "-", "\\"];

/// The rows as lines, none wider than `width` less one: many terminals wrap when the last column is written.
/// `frame` turns the spinner.
pub fn row_lines(rows: &[Row], width: usize, frame: usize, paint: Paint) -> Vec<String> {
    let width = width.saturating_sub(1).min(WIDEST);
    let nodes = || rows.iter().filter_map(|row| if let Row::Node(node) = row { Some(node) } else { None });
    let widest = |text: fn(&NodeRow) -> &str| nodes().map(|node| measure_text_width(text(node))).max().unwrap_or(0);
    let columns = Columns {
        name: widest(|node| node.name.as_str()).min(width / 3),
        stage: if width + 1 < ROOM_FOR_STAGE { 0 } else { widest(|node| &node.stage).min(width / 4) },
        time: nodes().filter_map(|node| node.ms).map(|ms| duration(ms).len()).max().unwrap_or(0),
        width,
    };
    let line = |row: &Row| match row {
        Row::Node(node) => columns.node(node, frame, paint),
        Row::More { hidden, of_them } => {
            let tally = |(standing, number): &(Standing, usize)| format!("{number} {}", word(*standing));
            let tallies = of_them.iter().map(tally).collect::<Vec<_>>().join(", ");
            paint.apply(&Style::new().dim(), &cut(&format!("  .. and {hidden} more: {tallies}"), width, paint))
        }
        Row::Foot { what, ms, interrupted } => {
            let note = if *interrupted { "  interrupted: nothing new begins" } else { "" };
            let text = cut(&format!("{}  {what}{note}", duration(*ms)), width, paint);
            paint.apply(&if *interrupted { Style::new().yellow() } else { Style::new().dim() }, &text)
        }
    };
    rows.iter().map(line).collect()
}

struct Columns {
    name: usize,
    stage: usize,
    time: usize,
    width: usize,
}

impl Columns {
    /// Sign, name, stage, what it does, time. What it does takes what the others leave.
    fn node(&self, node: &NodeRow, frame: usize, paint: Paint) -> String {
        let (sign, style) = sign(node.standing, frame, paint);
        let name = fit(node.name.as_str(), self.name, Alignment::Left, paint);
        let time = fit(&node.ms.map(duration).unwrap_or_default(), self.time, Alignment::Right, paint);
        let mut stage = fit(&node.stage, self.stage, Alignment::Left, paint);
        if !stage.is_empty() {
            stage.push_str("  ");
        }
        let taken = 2 + self.name + 2 + measure_text_width(&stage) + 2 + self.time;
        let room = self.width.saturating_sub(taken);
        let said = measure_text_width(&node.what) + 2;
        let what = fit(&node.what, room, Alignment::Left, paint);
        let what = if node.line.is_empty() || said >= room {
            paint.apply(&style, &what)
        } else {
            let line = fit(&node.line, room - said, Alignment::Left, paint);
            format!("{}  {}", node.what, paint.apply(&Style::new().dim(), &line))
        };
        let bold = paint.apply(&Style::new().bold(), &name);
        let text = format!("{} {bold}  {stage}{what}  {time}", paint.apply(&style, sign));
        // Only a terminal narrower than its fixed columns is cut here.
        if measure_text_width(&text) > self.width { cut(&text, self.width, paint) } else { text }
    }
}

fn sign(standing: Standing, frame: usize, paint: Paint) -> (&'static str, Style) {
    let pick = |unicode, ascii| if paint.unicode { unicode } else { ascii };
    match standing {
        Standing::Busy => {
            let frames: &[&str] = if paint.unicode { &SPINNER } else { &SPINNER_ASCII };
            (frames[frame % frames.len()], Style::new())
        }
        Standing::Failed | Standing::Unreachable => (pick("✘", "x"), Style::new().red()),
        Standing::Waiting => (pick("·", "."), Style::new().dim()),
        Standing::Done => (pick("✔", "+"), Style::new().green()),
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Busy => "busy",
        Standing::Failed => "failed",
        Standing::Unreachable => "unreachable",
        Standing::Waiting => "waiting",
        Standing::Done => "done",
    }
}

/// Exactly this wide.
fn fit(text: &str, width: usize, side: Alignment, paint: Paint) -> String {
    pad_str(&cut(text, width, paint), width, side, None).into_owned()
}

/// At most this wide, with a sign where something is missing.
fn cut(text: &str, width: usize, paint: Paint) -> String {
    let tail = match (paint.unicode, width) {
        (_, 0) => "",
        (true, _) => "…",
        (false, _) => "~",
    };
    truncate_str(text, width, tail).into_owned()
}
