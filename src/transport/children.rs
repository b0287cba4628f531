//! Programs of others that we start.

use std::process::Command;

/// Where the login password may be given to us.
pub const LOGIN_PASSWORD: &str = "BRICKLAYER_LOGIN_PASSWORD";
/// Where sudo's may.
pub const SUDO_PASSWORD: &str = "BRICKLAYER_SUDO_PASSWORD";

/// Takes our passwords out of the environment of a program: it may send that on (`SendEnv`).
pub fn without_passwords(command: &mut Command) {
    for name in [LOGIN_PASSWORD, SUDO_PASSWORD] {
        command.env_remove(name);
    }
}
