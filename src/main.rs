//! The `bricklayer` command: argv in, exit code out.

fn main() -> std::process::ExitCode {
    bricklayer::cli::main(std::env::args_os())
}
