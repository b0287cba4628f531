//! What OpenSSH itself says.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Answer, words};

/// `ssh -G` with what is known of user and port already: it connects to nothing. `Err` says why there is no answer.
pub(super) fn ask(
    only: Option<&Path>,
    name: &str,
    (user, port): (Option<&str>, Option<u16>),
) -> Result<Answer, String> {
    let mut ssh = Command::new("ssh");
    ssh.arg("-G").stdin(Stdio::null());
    crate::transport::without_passwords(&mut ssh);
    if let Some(file) = only {
        ssh.arg("-F").arg(file);
    }
    ssh.args(user.into_iter().flat_map(|user| ["-l", user]));
    ssh.args(port.into_iter().flat_map(|port| ["-p".to_owned(), port.to_string()]));
    let out = ssh.arg("--").arg(name).output().map_err(|error| format!("`ssh` cannot be run: {error}"))?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).trim().to_owned());
    }
    let mut answer = Answer::default();
    for line in String::from_utf8_lossy(&out.stdout).lines() {
        if let Some((keyword, rest)) = line.split_once(' ') {
            // Printed without quotes, so a path with a blank cannot be told from two.
            let several = matches!(keyword, "userknownhostsfile" | "globalknownhostsfile");
            // The name is the only value whose tokens are replaced already.
            let rest = if keyword == "hostname" { rest.replace('%', "%%") } else { rest.to_owned() };
            let words = if several { words::arguments(&rest)? } else { vec![rest.clone()] };
            answer.add(keyword, &words, &rest);
        }
    }
    Ok(answer.without_defaults(name))
}
