//! From arguments to a use case, and from its outcome to an exit code.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use crate::cli::args::{AddArgs, Cli, Color, Command, Common, Format, SchemaOf};
use crate::cli::day_two::GoArgs;
use crate::model::Service;
use crate::ops::{
    self, Access, AddWish, BackupWish, Fault, Job, PlanWish, SETUP_LOG, SavedPlan, SchemaKind, Settings, UpWish,
};
use crate::plan::{Mode, Rolling};
use crate::report::{self, ColorChoice, Console, Mark, Said};

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
    let console = console(&cli.common);
    let code = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(cli, console, &args)),
        Err(error) => Err(Fault::Terminal(error)),
    };
    ExitCode::from(code.unwrap_or_else(|fault| {
        show(&fault, console);
        fault.code()
    }))
}

async fn run(cli: Cli, console: Console, args: &[OsString]) -> Result<u8, Fault> {
    let Cli { common, command } = cli;
    // What is done by hand is done on nodes, whatever services are wanted there.
    let by_hand = matches!(command, Command::Run(_) | Command::Ssh(_));
    let read = if by_hand { Job::of_nodes } else { Job::load };
    let takes_hosts = by_hand || matches!(command, Command::Exec(_) | Command::Put(_) | Command::Get(_));
    if !common.hosts.is_empty() && !takes_hosts {
        let what = "`-H` is for `exec`, `put`, `get`, `run` and `ssh`; the other commands need an inventory";
        return Err(Fault::Usage(what.to_owned()));
    }
    if common.format == Format::Prometheus && !matches!(command, Command::Status(_)) {
        return Err(Fault::Usage("`--format prometheus` is for `status`".to_owned()));
    }
    let settings = settings(common, console, args);
    let load = |services: Vec<Service>| load(Settings { services, ..settings.clone() }, read);
    match command {
        Command::Exec(exec) => ops::exec(settings, exec.wish()).await,
        Command::Put(put) => ops::put(settings, put.wish()).await,
        Command::Get(get) => ops::get(settings, get.wish()).await,
        Command::Plan(plan) => {
            let wish = PlanWish { offline: plan.offline, exit_code: plan.exit_code, out: plan.out };
            ops::plan(load(plan.services.service)?, wish).await
        }
        Command::Up(up) if up.rolling_restart => {
            let go = GoArgs { dry_run: up.dry_run, yes: up.yes };
            ops::rolling(load(up.services.service)?, go.rolling(Rolling::Restart)).await
        }
        Command::Up(up) => {
            let mode = match (up.bootstrap, up.join) {
                (true, _) => Mode::Bootstrap,
                (_, true) => Mode::Join,
                _ => Mode::Auto,
            };
            let saved = up.plan.as_deref().map(SavedPlan::read).transpose()?;
            let wish = UpWish { mode, absent: up.absent, saved, dry_run: up.dry_run, yes: up.yes, ..UpWish::default() };
            ops::up(load(up.services.service)?, wish).await
        }
        Command::Add(add) => {
            let AddArgs { service, ip: ips, host: hosts, wipe, dry_run, yes } = add;
            ops::add(settings, AddWish { service, ips, hosts, wipe, dry_run, yes }).await
        }
        Command::Replace(replace) => ops::replace(settings, replace.wish()).await,
        Command::Remove(remove) => ops::remove(settings, remove.wish()).await,
        Command::Status(status) => ops::status(load(status.services.service)?, status.watch).await,
        Command::Heal(heal) => ops::heal(load(Vec::new())?, heal.wish()).await,
        Command::Rebalance(rebalance) => ops::rebalance(load(Vec::new())?, rebalance.wish()).await,
        Command::Backup { to } => ops::backup(load(Vec::new())?, BackupWish { to }).await,
        Command::Doctor(doctor) => ops::doctor(load(Vec::new())?, doctor.wish()).await,
        Command::Maintenance(wish) => ops::maintenance(load(Vec::new())?, wish.wish()).await,
        Command::Upgrade(go) => ops::rolling(load(Vec::new())?, go.rolling(Rolling::Upgrade)).await,
        Command::Restore(restore) => ops::restore(load(Vec::new())?, restore.wish()).await,
        Command::Run(own) => ops::run_file(load(Vec::new())?, own.wish()).await,
        Command::Ssh(ssh) => match ops::shell(&load(Vec::new())?, &ssh.node, &ssh.command)? {},
        Command::Runs { count } => ops::runs(count, settings.json),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "bricklayer", &mut text);
            report::print(&String::from_utf8_lossy(&text)).map_err(Fault::Terminal)?;
            Ok(0)
        }
        Command::Explain { message } => ops::explain(&message, settings.json),
        Command::Check => {
            let job = load(Vec::new())?;
            ops::check(&job)
                .into_iter()
                .try_for_each(|line| console.say(&Said::new(Mark::Success, line)))
                .map_err(Fault::Terminal)?;
            Ok(0)
        }
        Command::Schema { of } => {
            let schema = ops::schema(match of {
                SchemaOf::Inventory => SchemaKind::Inventory,
                SchemaOf::Playbook => SchemaKind::Playbook,
            });
            report::print(&schema).map_err(Fault::Terminal)?;
            Ok(0)
        }
    }
}

fn settings(common: Common, console: Console, args: &[OsString]) -> Settings {
    Settings {
        command: command_line(args),
        inventory: common.inventory,
        hosts: common.hosts,
        on: common.on,
        services: Vec::new(),
        leaving: Vec::new(),
        node_log: SETUP_LOG,
        forks: usize::from(common.forks),
        playbooks: common.playbooks,
        backup: !common.no_backup,
        access: Access {
            ssh_config: common.ssh_config,
            accept_new_host_keys: common.accept_new_host_keys,
            ask_login_password: common.ask_login_password,
            ask_sudo_password: common.ask_sudo_password,
        },
        verbose: common.verbose > 0,
        json: common.format == Format::Json,
        console,
    }
}

fn load(settings: Settings, read: fn(Settings) -> Result<Job, Fault>) -> Result<Job, Fault> {
    let job = read(settings)?;
    let warnings = &job.inventory.warnings;
    if !warnings.list.is_empty() {
        let _closed = io::stderr().write_all(warnings.render(io::stderr().is_terminal()).as_bytes());
    }
    Ok(job)
}

// As a person types it, wherever the program lies.
fn command_line(args: &[OsString]) -> String {
    let rest = args.iter().skip(1).map(|arg| arg.to_string_lossy());
    std::iter::once("bricklayer".into()).chain(rest).collect::<Vec<_>>().join(" ")
}

// The one place where a command that could not begin says why.
fn show(fault: &Fault, console: Console) {
    let color = io::stderr().is_terminal();
    let _closed = match fault {
        Fault::Inventory(problems) => io::stderr().write_all(problems.render(color).as_bytes()),
        Fault::Playbooks(faults) => {
            let texts: Vec<_> = faults.0.iter().map(|problems| problems.render(color)).collect();
            io::stderr().write_all(texts.join("\n").as_bytes())
        }
        fault => console.say(&Said::error(fault)),
    };
}

fn console(common: &Common) -> Console {
    let format = match common.format {
        Format::Human => report::Format::Human,
        Format::Json => report::Format::Json,
        Format::Prometheus => report::Format::Prometheus,
    };
    let color = match common.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    Console::new(format, color, common.verbose > 0, &|name| std::env::var(name).ok())
}

// What we do ourselves, for us; RUST_LOG chooses otherwise.
fn trace(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let default = if verbose > 1 { "bricklayer=debug" } else { "off" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
}
