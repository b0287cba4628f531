//! argv in, exit code out.

mod args;
mod hand;
mod own;
mod run;

pub use args::Cli;
pub use run::main;

#[cfg(test)]
mod tests;
