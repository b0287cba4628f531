//! From arguments to a use case, and from its outcome to an exit code.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::args::{Cli, Color, Command, Common, Format, SchemaOf};
use crate::model::Service;
use crate::ops::{self, Fault, Job, Output, PlanWish, SchemaKind, Settings, UpWish};
use crate::plan::Mode;
use crate::report::{ColorChoice, Mark, Paint, Said, marked};

/// Runs the program.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is no reason to say more.
            let _closed = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    trace(cli.common.verbose);
    let color = color(cli.common.color);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Said::error(&error), color, 70),
    };
    match runtime.block_on(run(cli, &args)) {
        Ok(code) => ExitCode::from(code),
        Err(fault) => show(&fault, color),
    }
}

async fn run(cli: Cli, args: &[OsString]) -> Result<u8, Fault> {
    let Cli { common, command } = cli;
    match command {
        Command::Plan(plan) => {
            let job = load(common, plan.services.service, args)?;
            ops::plan(job, PlanWish { offline: plan.offline, exit_code: plan.exit_code }).await
        }
        Command::Up(up) => {
            let job = load(common, up.services.service, args)?;
            let mode = match (up.bootstrap, up.join) {
                (true, _) => Mode::Bootstrap,
                (_, true) => Mode::Join,
                _ => Mode::Auto,
            };
            ops::up(job, UpWish { mode, absent: up.absent, dry_run: up.dry_run, yes: up.yes }).await
        }
        Command::Status(status) => ops::status(load(common, status.service, args)?).await,
        Command::Check => {
            let paint = paint(color(common.color), std::io::stdout().is_terminal());
            let job = load(common, Vec::new(), args)?;
            let lines: Vec<String> =
                ops::check(&job).into_iter().flat_map(|line| marked(&Said::new(Mark::Success, line), paint)).collect();
            print(&(lines.join("\n") + "\n"))
        }
        Command::Schema { of } => print(&ops::schema(match of {
            SchemaOf::Inventory => SchemaKind::Inventory,
            SchemaOf::Playbook => SchemaKind::Playbook,
        })),
    }
}

fn load(common: Common, services: Vec<Service>, args: &[OsString]) -> Result<Job, Fault> {
    let job = Job::load(Settings {
        command: args.iter().map(|arg| arg.to_string_lossy()).collect::<Vec<_>>().join(" "),
        inventory: common.inventory,
        on: common.on,
        services,
        forks: usize::from(common.forks),
        output: match common.format {
            Format::Human => Output::Human,
            Format::Json => Output::Json,
        },
        playbooks: common.playbooks,
        accept_new_host_keys: common.accept_new_host_keys,
        verbose: common.verbose > 0,
        color: color(common.color),
    })?;
    let warnings = &job.inventory.warnings;
    if !warnings.list.is_empty() {
        let styled = paint(job.settings.color, std::io::stderr().is_terminal()).color;
        let _closed = std::io::stderr().write_all(warnings.render(styled).as_bytes());
    }
    Ok(job)
}

fn print(text: &str) -> Result<u8, Fault> {
    std::io::stdout().write_all(text.as_bytes()).map_err(Fault::Terminal)?;
    Ok(0)
}

fn show(fault: &Fault, color: ColorChoice) -> ExitCode {
    let styled = paint(color, std::io::stderr().is_terminal()).color;
    let text = match fault {
        Fault::Inventory(problems) => problems.render(styled),
        Fault::Playbooks(faults) => {
            faults.0.iter().map(|problems| problems.render(styled)).collect::<Vec<_>>().join("\n")
        }
        fault => return fail(&Said::error(fault), color, fault.code()),
    };
    let _closed = std::io::stderr().write_all(text.as_bytes());
    ExitCode::from(fault.code())
}

fn fail(said: &Said, color: ColorChoice, code: u8) -> ExitCode {
    let lines = marked(said, paint(color, std::io::stderr().is_terminal()));
    let _closed = std::io::stderr().write_all((lines.join("\n") + "\n").as_bytes());
    ExitCode::from(code)
}

fn paint(color: ColorChoice, terminal: bool) -> Paint {
    Paint::choose(color, terminal, &|name| std::env::var(name).ok())
}

fn color(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

// What we do ourselves, for us; RUST_LOG chooses otherwise.
fn trace(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let default = if verbose > 1 { "bricklayer=debug" } else { "off" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
}
