//! The transport against a real sshd: OpenSSH on a loopback port, with its own configuration and keys in a temporary
//! folder. Needs root and Debian's `openssh-server`; without them the tests fail and say so.
#![expect(clippy::unwrap_used, reason = "a test harness: what fails here should fail loudly")]

mod basics;
mod bed;
mod ends;
mod floods;
mod interrupts;
mod keys;
mod load;
mod memory;
mod own;
mod privilege;
mod shells;
mod silence;
mod streams;
mod token;
mod transfer;
mod ways;
