//! What every node is asked, whatever runs on it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::facts::{Answers, Section};
use crate::model::shell;

/// How packages are installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OsFamily {
    /// apt: Debian, Ubuntu.
    Debian,
    /// dnf: RHEL, Rocky, Alma, `CentOS` Stream, Fedora.
    Rhel,
}

impl OsFamily {
    /// The word that playbooks see.
    pub fn key(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Rhel => "rhel",
        }
    }
}

/// The facts of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFacts {
    /// From `ID` and `ID_LIKE`; `None` where neither is one we know.
    pub family: Option<OsFamily>,
    /// `PRETTY_NAME`, for people.
    pub os: String,
    /// Every address on its interfaces, loopback left out.
    pub addresses: Vec<IpAddr>,
    /// Milliseconds since 1970 by the node's own clock.
    pub clock_ms: Option<i64>,
    /// What each asked name resolves to there; empty where it does not resolve.
    pub resolves: BTreeMap<String, Vec<IpAddr>>,
    /// Active host firewalls: `ufw`, `firewalld`.
    pub firewalls: Vec<String>,
    /// The user the probe ran as is root.
    pub root: bool,
    /// systemd is process 1.
    pub systemd: bool,
}

/// The sections that [`HostFacts::read`] reads.
pub(crate) fn sections(names: &[&str]) -> Vec<Section> {
    let names = shell::quote_all(names.iter().copied());
    vec![
        Section::new("host.os", "cat /etc/os-release"),
        Section::new("host.addresses", "ip -o addr show scope global | awk '{print $4}' | cut -d/ -f1"),
        Section::new("host.clock", "date +%s%3N"),
        Section::new("host.id", "id -u"),
        Section::new("host.systemd", "test -d /run/systemd/system"),
        // An unresolvable name is an empty answer: getent ends with 2 for it.
        Section::new(
            "host.resolves",
            format!(
                "for n in {names}; do getent ahosts \"$n\" | awk -v n=\"$n\" '$2 == \"STREAM\" {{print n, $1}}'; done; true"
            ),
        ),
        Section::new(
            "host.firewalls",
            "if command -v ufw >/dev/null && grep -qs '^ENABLED=yes' /etc/ufw/ufw.conf; then echo ufw; fi\n\
             if command -v firewall-cmd >/dev/null && systemctl -q is-active firewalld; then echo firewalld; fi\ntrue",
        ),
    ]
}

impl HostFacts {
    /// Reads the host's sections. `Err` says which answer makes no sense.
    pub fn read(answers: &Answers) -> Result<Self, String> {
        let text = |key: &str| answers.get(key).map(|answer| answer.text.as_str()).unwrap_or_default();
        let release = os_release(text("host.os"));
        let field = |key: &str| release.get(key).map(String::as_str).unwrap_or_default();
        let mut resolves: BTreeMap<String, Vec<IpAddr>> = BTreeMap::new();
        for line in text("host.resolves").lines() {
            if let Some((name, Ok(ip))) = line.split_once(' ').map(|(name, ip)| (name, ip.parse())) {
                resolves.entry(name.to_owned()).or_default().push(ip);
            }
        }
        Ok(Self {
            family: family(field("ID"), field("ID_LIKE")),
            os: field("PRETTY_NAME").to_owned(),
            addresses: text("host.addresses").lines().filter_map(|line| line.trim().parse().ok()).collect(),
            clock_ms: text("host.clock").trim().parse().ok(),
            resolves,
            firewalls: text("host.firewalls")
                .lines()
                .map(|line| line.trim().to_owned())
                .filter(|l| !l.is_empty())
                .collect(),
            root: text("host.id").trim() == "0",
            systemd: answers.get("host.systemd").is_some_and(|answer| answer.code == 0),
        })
    }
}

fn family(id: &str, like: &str) -> Option<OsFamily> {
    std::iter::once(id).chain(like.split_whitespace()).find_map(|word| match word {
        "debian" | "ubuntu" => Some(OsFamily::Debian),
        "rhel" | "fedora" | "centos" | "rocky" | "almalinux" => Some(OsFamily::Rhel),
        _ => None,
    })
}

fn os_release(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned()))
        .collect()
}
