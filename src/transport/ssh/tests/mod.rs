//! Against a russh server in the same process, over a pipe in memory: what a real sshd does not do.

mod ending;
mod getting_in;
mod holding;
mod jumping;
mod pipes;
mod server;
mod travelling;
