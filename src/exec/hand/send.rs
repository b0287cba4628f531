//! A file or a folder to a node.

use std::fmt::Write as _;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::command::{code, connect, run_failed};
use super::local::{Counted, FileFacts, Load, Packing};
use crate::events::{Failure, FailureKind, HandEnd};
use crate::exec::explain;
use crate::model::NodeName;
use crate::model::shell::quote;
use crate::model::sum::hex;
use crate::transport::{Input, RunError, Script, Session, Transport};

/// A day: what is still on its way then will not come.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Where something goes, and how it lies there.
#[derive(Clone, Debug)]
pub struct Put {
    /// What.
    pub load: Load,
    /// A path, or a folder that is there.
    pub to: String,
    /// Permissions of a file; its own otherwise.
    pub mode: Option<u32>,
    /// `USER[:GROUP]`; otherwise those of the file that is replaced, or of who puts it there.
    pub owner: Option<String>,
    /// As root.
    pub become_root: bool,
}

/// Brings it there. What lies there under its name is replaced at once and only when all of it has come, and is left
/// alone where it is the same. In a folder that is there, nothing is taken away. `progress` is told of bytes.
pub async fn send(
    transport: &dyn Transport,
    node: &NodeName,
    put: &Put,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> HandEnd {
    let sent = async {
        let session = connect(transport, node).await?;
        let sent = deliver(&*session, node, put, progress).await;
        session.close().await;
        sent
    };
    match sent.await {
        Ok((changed, bytes)) => HandEnd::Done { changed, bytes },
        Err(failure) => HandEnd::Failed { failure },
    }
}

/// The same, on a connection that is there. Answers whether anything was changed, and its bytes.
pub(in crate::exec) async fn deliver(
    session: &dyn Session,
    node: &NodeName,
    put: &Put,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<(bool, u64), Failure> {
    match &put.load.file {
        Some(file) => send_file(session, node, (put, file), progress).await,
        None => send_folder(session, node, put, progress).await,
    }
}

async fn send_file(
    session: &dyn Session,
    node: &NodeName,
    (put, facts): (&Put, &FileFacts),
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<(bool, u64), Failure> {
    let file = tokio::fs::File::open(&put.load.path).await.map_err(|error| unread(put, &error.to_string(), ""))?;
    let mut text = place(put);
    let mode = put.mode.unwrap_or(facts.mode);
    let _infallible = write!(text, "size={} sum={} mode={mode:o}\n{FILE}", facts.size, facts.sum);
    let mut counted = Counted { inner: file, hasher: None, bytes: 0, progress };
    match run(session, node, (put, text), Some(&mut counted)).await {
        Ok(said) => Ok((said.trim() == "changed", facts.size)),
        Err(failure) if failure.code == Some(OTHER) && put.load.has_changed().await => {
            Err(unread(put, "it was changed while it was sent", ""))
        }
        Err(failure) => Err(failure),
    }
}

async fn send_folder(
    session: &dyn Session,
    node: &NodeName,
    put: &Put,
    progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<(bool, u64), Failure> {
    let (packing, stream) = Packing::begin(&put.load.path).map_err(|error| unread(put, &error.to_string(), ""))?;
    let mut counted = Counted { inner: stream, hasher: Some(Sha256::new()), bytes: 0, progress };
    let said = run(session, node, (put, place(put) + UNPACK), Some(&mut counted)).await?;
    let (sum, parked) = said.trim().split_once('\n').unwrap_or_default();
    let ended = packing.finish().await;
    let (whole, bytes) = (counted.hasher.map(hex).unwrap_or_default(), counted.bytes);
    let wrong = match ended {
        Err(said) => Some(unread(put, "`tar` could not pack all of it", &said)),
        Ok(()) => (sum != whole).then(|| unread(put, "it was changed on its way", "")),
    };
    if let Some(wrong) = wrong {
        run(session, node, (put, format!("rm -rf -- {}", quote(parked))), None).await?;
        return Err(wrong);
    }
    let text = format!("{}parked={}\n{MERGE}", place(put), quote(parked));
    let said = run(session, node, (put, text), None).await?;
    Ok((said.trim() == "changed", bytes))
}

// What all of the scripts begin with.
fn place(put: &Put) -> String {
    let owner = put.owner.as_deref().unwrap_or_default();
    let (to, name) = (quote(&put.to), quote(&put.load.name));
    let kind = if put.load.file.is_some() { "file" } else { "folder" };
    format!("kind={kind} to={to} name={name} owner={}\n{PLACE}", quote(owner))
}

async fn run(
    session: &dyn Session,
    node: &NodeName,
    (put, text): (&Put, String),
    input: Option<Input<'_>>,
) -> Result<String, Failure> {
    let script = Script { text, become_root: put.become_root, timeout: LONGEST };
    // Its lifetime is made as short as the script's.
    let input = input.map(|input| input as Input<'_>);
    let outcome = session.stream(&script, input, &|_, _| ()).await.map_err(|error| match error {
        RunError::Input(why, _) => unread(put, &why, ""),
        error => run_failed(node, &error),
    })?;
    match code(node, &outcome)? {
        0 => Ok(outcome.stdout.text),
        code => Err(Failure {
            kind: FailureKind::Step,
            what: format!("`{}` could not be put there; what was there is as it was", put.load.name),
            command: "put".to_owned(),
            code: Some(code),
            stderr: explain::said(&outcome),
            remedy: "mend what it says and run the same command again".to_owned(),
        }),
    }
}

// On this machine. Half of it is never taken for all: sums are compared before anything is moved to its place.
fn unread(put: &Put, why: &str, said: &str) -> Failure {
    Failure {
        kind: FailureKind::Step,
        what: format!("`{}` cannot be read on this machine: {why}", put.load.path.display()),
        command: "put".to_owned(),
        code: None,
        stderr: explain::tail(said),
        remedy: "mend it here and run the same command again; what was there is as it was".to_owned(),
    }
}

// Where exactly it goes. A link that is there stays one, and what it leads to is replaced.
const PLACE: &str = r#"set -e
if [ -d "$to" ]; then
  to=${to%/}/$name
else
  case $to in */) echo "there is no folder $to" >&2; exit 1 ;; esac
fi
if [ -L "$to" ]; then to=$(readlink -f "$to"); fi
dir=$(dirname "$to")
[ -d "$dir" ] || { echo "there is no folder $dir" >&2; exit 1; }
if [ "$kind" = file ] && [ -d "$to" ]; then echo "$to is a folder there" >&2; exit 1; fi
if [ "$kind" = folder ] && [ -e "$to" ] && ! [ -d "$to" ]; then echo "$to is no folder there" >&2; exit 1; fi
own() { [ -z "$owner" ] || chown "$@"; }
"#;

// How the script ends that has got other bytes than it was told of.
const OTHER: u32 = 65;

// The sum is that of what is on the disk, not of what came.
const FILE: &str = r#"sum_of() { sha256sum <"$1" | cut -c 1-64; }
state() { stat -c %a:%u:%g "$to"; }
if [ -f "$to" ] && [ "$(stat -c %s "$to")" = "$size" ] && [ "$(sum_of "$to")" = "$sum" ]; then
  was=$(state)
  chmod "$mode" "$to"
  own "$owner" "$to"
  [ "$was" = "$(state)" ] || echo changed
  exit 0
fi
part=$(mktemp "$dir/.$name.XXXXXX")
trap 'rm -f "$part"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$part"
[ "$(sum_of "$part")" = "$sum" ] || { echo "what has come is not what was sent" >&2; exit 65; }
[ ! -e "$to" ] || chown --reference="$to" "$part" 2>/dev/null || :
chmod "$mode" "$part"
own "$owner" "$part"
sync "$part" 2>/dev/null || :
mv -f "$part" "$to"
echo changed
"#;

// Beside its place, so that a rename is enough later. `-o`: who unpacks it owns it.
const UNPACK: &str = r#"command -v tar >/dev/null || { echo "tar is not installed there" >&2; exit 1; }
parked=$(mktemp -d "$dir/.$name.XXXXXX")
trap 'rm -rf "$parked"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$parked/tree"
mkfifo "$parked/pipe"
sha256sum <"$parked/pipe" >"$parked/sum" &
tee "$parked/pipe" | tar -C "$parked/tree" -xpof -
wait
own -R "$owner" "$parked/tree"
trap - EXIT
cut -c 1-64 "$parked/sum"
echo "$parked"
"#;

const MERGE: &str = r#"trap 'rm -rf "$parked"' EXIT
if ! [ -e "$to" ]; then
  mv "$parked/tree" "$to"
  echo changed
  exit 0
fi
cd "$parked/tree"
export to
find . -type d -exec sh -c 'for d; do
  [ -d "$to/$d" ] || { mkdir "$to/$d" && chmod --reference="$d" "$to/$d" && chown --reference="$d" "$to/$d" && echo changed; }
done' sh {} + >"$parked/changes"
find . ! -type d -exec sh -c 'for f; do
  if [ -f "$f" ] && ! [ -L "$f" ] && [ -f "$to/$f" ] && cmp -s "$f" "$to/$f" &&
    [ "$(stat -c %a "$f")" = "$(stat -c %a "$to/$f")" ]; then continue; fi
  mv -f "$f" "$to/$f" && echo changed || exit 1
done' sh {} + >>"$parked/changes"
! [ -s "$parked/changes" ] || echo changed
"#;
