//! Which teller speaks on which stream: the one place where standard output and the terminal are taken.

use std::io::{self, IsTerminal, Write, stderr, stdout};

use console::Term;

use crate::events::Teller;
use crate::model::Finding;
use crate::report::plan_text::diff_lines;
use crate::report::{
    ByHost, ColorChoice, Grouped, HandJson, HandTeller, Json, Live, Mark, Paint, Plain, PlanText, Said, Spill, marked,
    pretty, status_json, status_metrics, status_tables,
};

/// What `--format` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line on standard output; what people read goes to standard error.
    Json,
    /// Health as Prometheus' text format on standard output, and nothing else.
    Prometheus,
}

/// How this process speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    format: Format,
    verbose: bool,
    /// Standard output is a terminal on which the cursor can be moved.
    live: bool,
    /// Of a run nothing is told but its findings.
    quiet: bool,
    out: Paint,
    err: Paint,
}

/// Prints to standard output. A reader who has seen enough is no error.
pub fn print(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

impl Console {
    /// What the command line asks for and the streams can do. `env` reads an environment variable.
    pub fn new(format: Format, color: ColorChoice, verbose: bool, env: &dyn Fn(&str) -> Option<String>) -> Self {
        let terminal = stdout().is_terminal();
        let dumb = env("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        Self {
            format,
            verbose,
            live: format == Format::Human && terminal && !dumb,
            quiet: format == Format::Prometheus,
            out: Paint::choose(color, terminal, env),
            err: Paint::choose(color, stderr().is_terminal(), env),
        }
    }

    /// The same, which tells nothing of a run but its findings.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// Shows what was found; `again` in place of what was shown last, where that can be.
    pub fn findings(self, findings: &[Finding], again: bool) -> io::Result<()> {
        if again && self.live {
            Term::stdout().clear_screen()?;
        }
        let mut out = stdout().lock();
        match self.format {
            Format::Human => status_tables(&mut out, findings)?,
            Format::Json => status_json(&mut out, findings)?,
            Format::Prometheus => status_metrics(&mut out, findings)?,
        }
        out.flush()
    }

    /// True where a live table is drawn on standard output.
    pub fn is_live(self) -> bool {
        self.live
    }

    /// Those who tell a run to this process's streams; the journal comes before them.
    pub fn tellers(self) -> Vec<Box<dyn Teller>> {
        match self.format {
            _ if self.quiet => Vec::new(),
            Format::Json | Format::Prometheus => {
                vec![Box::new(Json::new(stdout())), Box::new(Plain::new(stderr(), stderr(), self.err, self.verbose))]
            }
            Format::Human if self.live => vec![Box::new(Live::new(Term::stdout(), self.out, self.verbose))],
            // One paint for both streams: a log is read as a whole.
            Format::Human => vec![Box::new(Plain::new(stdout(), stderr(), self.out, self.verbose))],
        }
    }

    /// True where people read, and no program.
    pub fn is_for_people(self) -> bool {
        self.format == Format::Human
    }

    /// Who tells what is done by hand on this process's streams: as it comes, or grouped, with `spill` for what is long.
    pub fn hand_teller(self, grouped: Option<Spill>) -> Box<dyn HandTeller> {
        let (out, err) = ((stdout(), self.out), (stderr(), self.err));
        let terminals = (stdout().is_terminal(), stderr().is_terminal());
        match (self.format, grouped) {
            (Format::Json | Format::Prometheus, _) => Box::new(HandJson::new(stdout())),
            (Format::Human, None) => Box::new(ByHost::new(out, err, terminals)),
            (Format::Human, Some(spill)) => Box::new(Grouped::new(out, err, terminals, spill)),
        }
    }

    /// Says something beside the output of nodes: on standard error.
    pub fn aside(self, said: &Said) -> io::Result<()> {
        let lines = if stderr().is_terminal() { pretty(said, self.err) } else { marked(said, self.err) };
        stderr().write_all((lines.join("\n") + "\n").as_bytes())
    }

    /// Says something outside of a run, or while it is paused.
    pub fn say(self, said: &Said) -> io::Result<()> {
        let to_err = self.format != Format::Human || matches!(said.mark, Mark::Warn | Mark::Error);
        let paint = if to_err { self.err } else { self.out };
        let lines = if self.live { pretty(said, paint) } else { marked(said, paint) };
        let text = lines.join("\n") + "\n";
        if to_err { stderr().write_all(text.as_bytes()) } else { stdout().write_all(text.as_bytes()) }
    }

    /// Shows a plan: laid out for a person at a terminal, otherwise as `[DRY-RUN] Would ..` lines.
    pub fn plan(self, plan: &PlanText<'_>) -> io::Result<()> {
        if self.live {
            return stdout().write_all((plan.lines(self.out).join("\n") + "\n").as_bytes());
        }
        plan.would().iter().try_for_each(|said| self.say(said))
    }

    /// Shows how a file on this machine would be changed: a unified diff.
    pub fn diff(self, path: &str, diff: &str) -> io::Result<()> {
        if self.live {
            return stdout().write_all((diff_lines(path, diff, self.out).join("\n") + "\n").as_bytes());
        }
        let evidence = diff.lines().map(str::to_owned).collect();
        self.say(&Said { evidence, ..Said::new(Mark::DryRun, format!("Would change {path}")) })
    }
}
