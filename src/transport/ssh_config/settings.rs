//! What is made of the values: types, `~`, tokens, variables.

use std::path::PathBuf;
use std::time::Duration;

use super::Answer;
use crate::model::Hop;
use crate::transport::target::{Algorithms, Family, HostKeyChecking, Source};

/// How a host is reached, as the configuration has it; `None` where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostSettings {
    /// Where to connect to.
    pub host_name: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Login user.
    pub user: Option<String>,
    /// Private keys, in order. `Some` and empty: none, not even the usual ones.
    pub identity_files: Option<Vec<PathBuf>>,
    /// Certificates, in order.
    pub certificate_files: Vec<PathBuf>,
    /// Of the agent's keys, only those that are named.
    pub identities_only: bool,
    /// Passwords may be sent.
    pub passwords: bool,
    /// Whose keys are offered.
    pub agent: Agent,
    /// What lies between.
    pub way: Option<Way>,
    /// The user's files of known hosts; the first is written.
    pub known_hosts: Option<Vec<PathBuf>>,
    /// The system's.
    pub global_known_hosts: Option<Vec<PathBuf>>,
    /// What to do about a key that is not known.
    pub host_key_checking: Option<HostKeyChecking>,
    /// The name under which the key is known.
    pub host_key_alias: Option<String>,
    /// New entries are written with their names hashed.
    pub hash_known_hosts: bool,
    /// Keys that are believed of nobody.
    pub revoked_host_keys: Option<PathBuf>,
    /// Where connections begin.
    pub from: Source,
    /// What is offered in place of the usual.
    pub algorithms: Algorithms,
    /// How long connecting may take.
    pub connect_timeout: Option<Duration>,
    /// A server that is silent for this long is asked for a sign of life; zero: never.
    pub keepalive_interval: Option<Duration>,
    /// After this many questions without an answer the connection is given up.
    pub keepalive_max: Option<usize>,
}

/// Which agent is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Agent {
    /// The one of this session.
    #[default]
    Usual,
    /// The one at this socket.
    At(PathBuf),
    /// None.
    None,
}

/// What lies between us and a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Other servers, the nearest first.
    Jump(Vec<Hop>),
    /// A command whose standard input and output are the connection.
    Command(String),
}

/// What tokens stand for.
struct Tokens<'a> {
    name: &'a str,
    host: &'a str,
    port: u16,
    user: &'a str,
    alias: Option<&'a str>,
}

impl HostSettings {
    /// Reads the answer about `name`. `address` is where it is where the configuration does not say, and `user` who
    /// logs in. `Err` says what makes no sense.
    pub fn read(answer: &Answer, name: &str, address: &str, user: &str) -> Result<Self, String> {
        let port = answer.word("port").map(|port| port.parse().map_err(|_| wrong("Port", port))).transpose()?;
        let host_name = answer.word("hostname").map(|host| hostname(host, name)).transpose()?;
        let user_name = answer.word("user").map(str::to_owned);
        let tokens = Tokens {
            name,
            host: host_name.as_deref().unwrap_or(address),
            port: port.unwrap_or(22),
            user: user_name.as_deref().unwrap_or(user),
            alias: answer.word("hostkeyalias"),
        };
        let files = |keyword: &str| {
            let named = answer.all(keyword).filter(|file| !is_none(file)).map(|file| tokens.path(file));
            named.collect::<Result<Vec<_>, _>>()
        };
        let known = |keyword: &str| match answer.words(keyword) {
            [] => Ok(None),
            words => words
                .iter()
                .filter(|file| !is_none(file))
                .map(|file| tokens.path(file))
                .collect::<Result<_, _>>()
                .map(Some),
        };
        Ok(Self {
            identity_files: answer.word("identityfile").map(|_| files("identityfile")).transpose()?,
            certificate_files: files("certificatefile")?,
            passwords: !answer.word("passwordauthentication").is_some_and(is_no),
            identities_only: answer.word("identitiesonly").is_some_and(is_yes),
            agent: answer
                .word("identityagent")
                .map(|agent| Agent::read(agent, &tokens))
                .transpose()?
                .unwrap_or_default(),
            way: way(answer, &tokens)?,
            known_hosts: known("userknownhostsfile")?,
            global_known_hosts: known("globalknownhostsfile")?,
            host_key_checking: answer.word("stricthostkeychecking").map(checking).transpose()?,
            host_key_alias: tokens.alias.map(str::to_owned),
            hash_known_hosts: answer.word("hashknownhosts").is_some_and(is_yes),
            revoked_host_keys: match answer.word("revokedhostkeys").filter(|file| !is_none(file)) {
                Some(file) => Some(tokens.path(file)?),
                None => None,
            },
            from: Source {
                address: answer.word("bindaddress").map(str::to_owned),
                family: answer.word("addressfamily").map(family).transpose()?.unwrap_or_default(),
            },
            algorithms: Algorithms {
                host_keys: answer.word("hostkeyalgorithms").map(str::to_owned),
                kex: answer.word("kexalgorithms").map(str::to_owned),
                ciphers: answer.word("ciphers").map(str::to_owned),
                macs: answer.word("macs").map(str::to_owned),
            },
            connect_timeout: seconds(answer, "connecttimeout")?.filter(|after| !after.is_zero()),
            keepalive_interval: seconds(answer, "serveraliveinterval")?,
            keepalive_max: number(answer, "serveralivecountmax")?,
            host_name,
            port,
            user: user_name,
        })
    }
}

fn wrong(keyword: &str, value: &str) -> String {
    format!("`{keyword} {value}` makes no sense")
}

fn is_yes(word: &str) -> bool {
    ["yes", "true"].iter().any(|yes| word.eq_ignore_ascii_case(yes))
}

fn is_no(word: &str) -> bool {
    ["no", "false"].iter().any(|no| word.eq_ignore_ascii_case(no))
}

fn is_none(word: &str) -> bool {
    word.eq_ignore_ascii_case("none")
}

// `%h` is the name as it was given, here only (`ssh_config(5)`, TOKENS).
fn hostname(text: &str, name: &str) -> Result<String, String> {
    expand(text, |token| (token == 'h').then(|| name.to_owned())).map(|host| host.to_lowercase())
}

fn checking(word: &str) -> Result<HostKeyChecking, String> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "true" => Ok(HostKeyChecking::Strict),
        "ask" => Ok(HostKeyChecking::Ask),
        "accept-new" => Ok(HostKeyChecking::AcceptNew),
        "no" | "off" | "false" => Ok(HostKeyChecking::Off),
        _ => Err(wrong("StrictHostKeyChecking", word)),
    }
}

fn family(word: &str) -> Result<Family, String> {
    match word.to_ascii_lowercase().as_str() {
        "any" => Ok(Family::Any),
        "inet" => Ok(Family::Inet),
        "inet6" => Ok(Family::Inet6),
        _ => Err(wrong("AddressFamily", word)),
    }
}

impl Agent {
    // `SSH_AUTH_SOCK` is the usual one, `$NAME` the one in that variable.
    fn read(word: &str, tokens: &Tokens<'_>) -> Result<Self, String> {
        let variable = word.strip_prefix('$').filter(|variable| !variable.starts_with('{'));
        match (word, variable) {
            ("SSH_AUTH_SOCK", _) => Ok(Self::Usual),
            (word, _) if is_none(word) => Ok(Self::None),
            (_, Some(variable)) => Ok(std::env::var_os(variable).map_or(Self::None, |at| Self::At(at.into()))),
            _ => tokens.path(word).map(Self::At),
        }
    }
}

fn way(answer: &Answer, tokens: &Tokens<'_>) -> Result<Option<Way>, String> {
    if let Some(command) = answer.word("proxycommand").filter(|command| !is_none(command)) {
        return Ok(Some(Way::Command(expand(command, |token| tokens.value(token))?)));
    }
    let Some(jump) = answer.word("proxyjump").filter(|jump| !is_none(jump)) else { return Ok(None) };
    // The others make no sense there, and OpenSSH knows no more of them.
    let jump = expand(jump, |token| if "hnpr".contains(token) { tokens.value(token) } else { None })?;
    let hops = Hop::read_all(&jump).ok_or_else(|| wrong("ProxyJump", &jump))?;
    Ok(Some(Way::Jump(hops)))
}

// `90`, `1m30s`, `none` (`misc.c`, `convtime`).
fn seconds(answer: &Answer, keyword: &str) -> Result<Option<Duration>, String> {
    let Some(text) = answer.word(keyword).filter(|text| !is_none(text)) else { return Ok(None) };
    let mut total = 0;
    let mut digits = String::new();
    for c in text.chars() {
        let unit = match c.to_ascii_lowercase() {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return Err(wrong(keyword, text)),
        };
        total += digits.parse::<u64>().map_err(|_| wrong(keyword, text))? * unit;
        digits.clear();
    }
    if !digits.is_empty() {
        total += digits.parse::<u64>().map_err(|_| wrong(keyword, text))?;
    }
    Ok(Some(Duration::from_secs(total)))
}

fn number(answer: &Answer, keyword: &str) -> Result<Option<usize>, String> {
    answer.word(keyword).map(|text| text.parse().map_err(|_| wrong(keyword, text))).transpose()
}

impl Tokens<'_> {
    fn value(&self, token: char) -> Option<String> {
        Some(match token {
            'd' => std::env::home_dir()?.display().to_string(),
            'h' => self.host.to_owned(),
            'i' => rustix::process::getuid().as_raw().to_string(),
            'k' => self.alias.unwrap_or(self.host).to_owned(),
            'L' => rustix::system::uname().nodename().to_string_lossy().split('.').next()?.to_owned(),
            'l' => rustix::system::uname().nodename().to_string_lossy().into_owned(),
            'n' => self.name.to_owned(),
            'p' => self.port.to_string(),
            'r' => self.user.to_owned(),
            'u' => std::env::var("USER").ok()?,
            _ => return None,
        })
    }

    fn path(&self, text: &str) -> Result<PathBuf, String> {
        let text = variables(&home(text))?;
        expand(&text, |token| self.value(token)).map(PathBuf::from)
    }
}

/// `~/` is the home folder.
pub(super) fn home(text: &str) -> String {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => format!("{}/{rest}", home.display()),
        _ => text.to_owned(),
    }
}

fn expand(text: &str, value: impl Fn(char) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '%' { chars.next() } else { None }) {
            ('%', Some('%')) => out.push('%'),
            ('%', Some(token)) => match value(token) {
                Some(value) => out.push_str(&value),
                None => return Err(format!("the token `%{token}` in `{text}` is not known here")),
            },
            ('%', None) => return Err(format!("`{text}` ends in the middle of a token")),
            _ => out.push(c),
        }
    }
    Ok(out)
}

// `${NAME}`; one that is not set is an error, as with OpenSSH.
fn variables(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("`{text}` has no `}}`"))?;
        let value = std::env::var(name).map_err(|_| format!("the variable `{name}` of `{text}` is not set"))?;
        out.push_str(before);
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_variables() {
        let value = |token| (token == 'h').then(|| "web".to_owned());
        assert_eq!(expand("%h.%%h", value).unwrap(), "web.%h");
        assert!(expand("%q", value).unwrap_err().contains("`%q`"));
        assert!(expand("x%", value).is_err());
        assert!(variables("${NO_SUCH_VARIABLE}").is_err());
        assert!(variables("${PATH}/x").unwrap().ends_with("/x"));
    }
}
