//! Questions to the person at the terminal.

use std::io::IsTerminal;
use std::process::Stdio;

use tokio::process::Command;

use crate::model::Secret;
use crate::ops::Fault;
use crate::transport::without_passwords;

/// Asks a yes-no question on the terminal; no is the default.
pub(super) async fn confirm(question: String) -> Result<bool, Fault> {
    let asked = tokio::task::spawn_blocking(move || {
        dialoguer::Confirm::new().with_prompt(question).default(false).interact_opt()
    });
    match asked.await? {
        Ok(answer) => Ok(answer.unwrap_or(false)),
        Err(dialoguer::Error::IO(error)) => Err(Fault::Terminal(error)),
    }
}

/// Asks for something that is not shown: on the terminal, or where there is none by `SSH_ASKPASS` (always, with
/// `SSH_ASKPASS_REQUIRE=force`, as OpenSSH does). Nothing where nobody can be asked, or nobody wants to say.
pub(super) async fn secret(prompt: &str) -> Result<Option<Secret>, Fault> {
    let program = std::env::var_os("SSH_ASKPASS").filter(|program| !program.is_empty());
    let require = std::env::var("SSH_ASKPASS_REQUIRE").unwrap_or_default();
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let instead = require == "force" || require == "prefer" || !terminal && require != "never";
    match program.filter(|_| instead) {
        Some(program) => by_program(&program, prompt).await,
        None if terminal => by_terminal(prompt.to_owned()).await,
        None => Ok(None),
    }
}

/// What the variable holds, or the file that `NAME_FILE` names, without the end of its line.
pub(super) fn from_environment(name: &str) -> Result<Option<Secret>, Fault> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(value) = variable(name) {
        return Ok(Some(Secret::new(value)));
    }
    let Some(file) = variable(&format!("{name}_FILE")) else { return Ok(None) };
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Fault::Usage(format!("`{name}_FILE` names `{file}`, which cannot be read: {error}")))?;
    Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())))
}

async fn by_program(program: &std::ffi::OsStr, prompt: &str) -> Result<Option<Secret>, Fault> {
    let mut command = Command::new(program);
    without_passwords(command.as_std_mut());
    let asked = command.arg(prompt).stdin(Stdio::null()).stderr(Stdio::inherit()).output().await;
    let out =
        asked.map_err(|error| Fault::Usage(format!("`SSH_ASKPASS` names a program that cannot be run: {error}")))?;
    let said = String::from_utf8_lossy(&out.stdout).trim_end_matches(['\r', '\n']).to_owned();
    Ok(out.status.success().then(|| Secret::new(said)))
}

async fn by_terminal(prompt: String) -> Result<Option<Secret>, Fault> {
    let asked = tokio::task::spawn_blocking(move || {
        dialoguer::Password::new().with_prompt(prompt).allow_empty_password(true).interact()
    });
    match asked.await? {
        Ok(said) => Ok(Some(said).filter(|said| !said.is_empty()).map(Secret::new)),
        Err(dialoguer::Error::IO(error)) => Err(Fault::Terminal(error)),
    }
}
