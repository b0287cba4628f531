//! How a script travels: on standard input, read whole before its first line runs.
//!
//! The command in the exec request goes through the login shell of the node, which may be bash, dash, fish or csh. So
//! it consists of plain words and single-quoted text that holds no quote, backslash, newline or `!`, which all of
//! them read alike. It holds no script text; `N` is a length. The script is followed by an end mark, without which it
//! is not run: a connection that breaks half way does not run half a script. A script of one short line is read by the
//! shell itself, which costs a node a third of the CPU time that starting `head` for it takes (1.1 of 1.9 ms, dash).
//!
//! Before the script starts, a start mark with the shell's process number is printed on both outputs. What comes before
//! the mark is noise of the login shell's start files, or sudo's reason to refuse, and not the script's output. The
//! marks are written as `brick""layer` in the command, so that a login shell that traces itself does not print them.

/// The exec request and what to write to its standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) command: String,
    pub(crate) stdin: Vec<u8>,
}

/// Which way to root the frame takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// As the login user.
    No,
    /// As the login user, who must be root.
    Already,
    /// `sudo -n` where `id -u` is not 0, or `doas -n` where there is no sudo; asking costs no round trip.
    IfNeeded,
    /// `sudo -n`.
    Sudo,
    /// `sudo -n` on a terminal made for it, for `requiretty`.
    SudoOnTerminal,
}

/// Printed (with more) when sudo is about to be asked, or root is missing.
const ASKING: &str = "::bricklayer:sudo::";
/// sudo's prompt.
const PASSWORD: &str = "::bricklayer:password::";
/// Printed when the shell waits for the script.
const READY: &str = "::bricklayer:ready::";
/// Printed with the process number and a newline when the script starts.
const START: &str = "::bricklayer:start:";
/// Most noise before the start mark that is kept.
const NOISE: usize = 16 * 1024;

impl Frame {
    /// `held`: what follows the script on standard input is for its commands; otherwise they get `/dev/null`.
    pub(crate) fn new(text: &str, root: Root, held: bool) -> Self {
        Self::by(text, root, held, "sudo -n", "")
    }

    /// The same where sudo may want a password: it asks with a prompt of ours ([`Prelude::asked`]), and nothing may be
    /// sent before the shell says that it is there ([`Prelude::ready`]), or sudo would swallow it.
    pub(crate) fn with_password(text: &str, root: Root, held: bool) -> Self {
        Self::by(text, root, held, SUDO_ASKS, "echo ::brick\"\"layer:ready::;")
    }

    fn by(text: &str, root: Root, held: bool, sudo: &str, ready: &str) -> Self {
        let mut stdin = Vec::with_capacity(text.len() + 64);
        stdin.extend_from_slice(text.as_bytes());
        // A command substitution drops NUL bytes and with them the length that was announced.
        stdin.retain(|&byte| byte != 0);
        let end = format!("#bricklayer end {}", stdin.len());
        let is_line = is_short_line(&stdin);
        stdin.extend_from_slice(format!("\n{end}").as_bytes());
        let (read, whole) = if is_line {
            stdin.push(b'\n');
            ("IFS= read -r s&&read -r e||e=".to_owned(), "$e")
        } else {
            (format!("s=$(head -c {})", stdin.len()), "$s")
        };
        let input = if held { "" } else { "exec </dev/null;" };
        let inner = format!(
            "{ready}{read};case {whole} in *\"{end}\") m=::brick\"\"layer:start:$$;echo $m;echo $m >&2;\
             eval \"unset s e m;{input}$s\";;*) echo the script was cut short >&2;exit 125;;esac"
        );
        let command = match root {
            Root::No => format!("sh -c '{inner}'"),
            Root::Already => format!("sh -c 'if [ $(id -u) = 0 ];then eval \"$0\";else {NOT_ROOT};fi' '{inner}'"),
            Root::IfNeeded => {
                let become_root = format!("{ASKS};{DOAS};exec {sudo} -- sh -c \"$0\"");
                format!("sh -c 'if [ $(id -u) = 0 ];then eval \"$0\";else {become_root};fi' '{inner}'")
            }
            Root::Sudo => format!("sh -c '{ASKS};exec {sudo} -- sh -c \"$0\"' '{inner}'"),
            Root::SudoOnTerminal => format!("sh -c '{ASKS};{TERMINAL}' '{inner}' '{}'", on_terminal(sudo)),
        };
        Self { command, stdin }
    }
}

/// One line that every shell's `read`, which takes a byte at a time, takes as it is and soon.
fn is_short_line(text: &[u8]) -> bool {
    text.len() <= 512 && text.iter().all(|&byte| matches!(byte, b' '..=b'~' | b'\t'))
}

const SUDO_ASKS: &str = "sudo -S -p ::brick\"\"layer:password::";
const NOT_ROOT: &str = "echo ::brick\"\"layer:sudo:: >&2;id >&2;exit 126";
/// Says that what follows are the words of who is asked for root, and has them said in a language that we read.
const ASKS: &str = "echo ::brick\"\"layer:sudo:: >&2;LANGUAGE=C;export LANGUAGE";
/// It asks on a terminal only, so there is no password for it.
const DOAS: &str = "command -v sudo >/dev/null||{ command -v doas >/dev/null&&exec doas -n -- sh -c \"$0\"; }";

/// `requiretty` asks for a controlling terminal, not for input that comes from one: `script` (util-linux) makes one on
/// which nothing is read or written, and all three streams go past it, so that they are those of any other frame. A
/// terminal for the channel itself would mix the outputs, echo, cut lines and swallow control characters.
const TERMINAL: &str = "command -v script >/dev/null||{ echo you must have a tty to run sudo, and there is no script \
                        command of util-linux to make one >&2;exit 1; };\
                        b=\"$0\" SHELL=/bin/sh;export b SHELL;\
                        exec script -qec \"$1\" /dev/null 3<&0 4>&1 5>&2 </dev/null >/dev/null 2>&1";

/// What runs there, by `/bin/sh`, whatever the login shell is.
fn on_terminal(sudo: &str) -> String {
    format!("exec {sudo} -- sh -c \"$b\" <&3 >&4 2>&5 3<&- 4>&- 5>&-")
}

/// Whether sudo has refused for want of a terminal: then [`Root::SudoOnTerminal`] is the way.
pub(crate) fn wants_terminal(said: &str) -> bool {
    said.contains("must have a tty")
}

/// One output stream up to its start mark.
#[derive(Debug, Default)]
pub(crate) struct Prelude {
    noise: Vec<u8>,
    started: Option<u32>,
}

impl Prelude {
    /// The part of `bytes` that is the script's own.
    pub(crate) fn strip<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.started.is_some() {
            return bytes;
        }
        let before = self.noise.len();
        self.noise.extend_from_slice(bytes);
        if let Some((pid, end)) = find_start(&self.noise) {
            self.started = Some(pid);
            return bytes.get(end.saturating_sub(before)..).unwrap_or_default();
        }
        let overflow = self.noise.len().saturating_sub(NOISE);
        self.noise.drain(..overflow);
        &[]
    }

    /// The process number of the shell that runs the script, once it does.
    pub(crate) fn started(&self) -> Option<u32> {
        self.started
    }

    /// How often sudo has asked for a password.
    pub(crate) fn asked(&self) -> usize {
        self.text().matches(PASSWORD).count()
    }

    /// The shell waits for the script.
    pub(crate) fn ready(&self) -> bool {
        self.started.is_some() || self.text().contains(READY)
    }

    fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.noise)
    }

    /// What came before the start, in one line; and whether sudo had been asked, after which only its words count.
    pub(crate) fn noise(&self) -> (String, bool) {
        let text = self.text().replace(PASSWORD, "").replace(READY, "");
        let (text, asked) = match text.split_once(ASKING) {
            Some((_, said)) => (said, true),
            None => (text.as_str(), false),
        };
        let words: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        (words.join("; "), asked)
    }
}

/// The process number in the start mark, and where the script's own output begins.
fn find_start(noise: &[u8]) -> Option<(u32, usize)> {
    let mark = noise.windows(START.len()).position(|window| window == START.as_bytes())?;
    let digits = mark + START.len();
    let newline = digits + noise[digits..].iter().position(|&byte| byte == b'\n')?;
    let pid = std::str::from_utf8(&noise[digits..newline]).ok()?.trim_end().parse().ok()?;
    Some((pid, newline + 1))
}

/// Sends a signal to the process group of the shell `pid`, and with it to what it started; fails where it may not.
/// sshd makes a session and a process group for each command (`session.c`, `do_exec_no_pty`), so the group is the
/// script's own; that its leader is no daemon is checked all the same. An SSH signal alone would not do: sshd 9.2
/// refuses it for root logins (`session.c`, `session_signal_req`).
pub(crate) fn killer(pid: u32, signal: &str) -> String {
    format!(
        "read -r _ name _ _ group _ </proc/{pid}/stat || exit
[ \"$name\" = '(sh)' ] && [ \"$group\" -gt 1 ] || exit
read -r _ leader _ <\"/proc/$group/stat\" || leader=
case $leader in *ssh*|*dropbear*|*init*|*systemd*) exit 1 ;; esac
kill -s {signal} -- \"-$group\"
"
    )
}

#[cfg(test)]
mod tests;
