//! The command line holds together.

use clap::CommandFactory;

use crate::cli::Cli;

#[test]
fn clap_finds_no_contradiction() {
    Cli::command().debug_assert();
}
