//! Programs of others that we start.

use std::process::Command;

/// Where passwords may be given to us, and to nobody else.
const PASSWORDS: [&str; 2] = ["BRICKLAYER_LOGIN_PASSWORD", "BRICKLAYER_SUDO_PASSWORD"];

/// Takes our passwords out of the environment of a program: it may send that on (`SendEnv`).
pub fn without_passwords(command: &mut Command) {
    for name in PASSWORDS {
        command.env_remove(name);
    }
}
