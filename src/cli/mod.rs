//! argv in, exit code out.

mod args;
mod day_two;
mod hand;
mod own;
mod run;
mod services;

pub use args::Cli;
pub use run::main;

#[cfg(test)]
mod tests;
