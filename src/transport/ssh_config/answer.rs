//! What the configuration says of one host, keyword by keyword, before anything is made of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Values by keyword (in lower case), as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer(BTreeMap<String, Vec<Vec<String>>>);

/// A line that only `ssh` itself can judge.
#[derive(Debug)]
pub(super) struct Undecided {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) what: String,
}

/// Each line adds one; of all others, the first counts.
const SEVERAL: [&str; 2] = ["identityfile", "certificatefile"];

/// The two ways through; the first of either counts.
const WAYS: [&str; 2] = ["proxyjump", "proxycommand"];

/// The files that `ssh` offers where none is named; how many of them depends on its version.
const USUAL_KEYS: [&str; 7] = ["rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa"];
const FEWEST_USUAL: usize = 4;

/// One of them is another name for the other.
const ALIASES: [(&str, &str); 5] = [
    ("hostbasedkeytypes", "hostbasedacceptedalgorithms"),
    ("pubkeyacceptedkeytypes", "pubkeyacceptedalgorithms"),
    ("dsaauthentication", "pubkeyauthentication"),
    ("challengeresponseauthentication", "kbdinteractiveauthentication"),
    ("keepalive", "tcpkeepalive"),
];

impl Answer {
    pub(super) fn add(&mut self, keyword: &str, words: &[String], text: &str) {
        let keyword = ALIASES.iter().find(|(alias, _)| *alias == keyword).map_or(keyword, |(_, name)| name);
        let value = if keyword == "proxycommand" { vec![text.to_owned()] } else { words.to_vec() };
        if WAYS.contains(&keyword) && WAYS.iter().any(|way| self.0.contains_key(*way)) {
            return;
        }
        let values = self.0.entry(keyword.to_owned()).or_default();
        if values.is_empty() || SEVERAL.contains(&keyword) {
            values.push(value);
        }
    }

    /// Says it before anybody else does.
    #[must_use]
    pub fn with(mut self, keyword: &str, value: &str) -> Self {
        self.add(keyword, &[value.to_owned()], value);
        self
    }

    /// The words of the value that counts.
    pub fn words(&self, keyword: &str) -> &[String] {
        self.0.get(keyword).and_then(|values| values.first()).map_or(&[], Vec::as_slice)
    }

    /// Its first word, which most have only.
    pub fn word(&self, keyword: &str) -> Option<&str> {
        self.words(keyword).first().map(String::as_str)
    }

    /// All values of a keyword that may stand several times.
    pub fn all(&self, keyword: &str) -> impl Iterator<Item = &str> {
        self.0.get(keyword).into_iter().flatten().filter_map(|words| words.first()).map(String::as_str)
    }

    // `ssh -G` prints what holds where nobody says anything, too. Those two would stand in the way of what others say:
    // the inventory of the address, and we of the usual keys.
    pub(super) fn without_defaults(mut self, name: &str) -> Self {
        if self.word("hostname").is_some_and(|host| host.eq_ignore_ascii_case(name)) {
            self.0.remove("hostname");
        }
        let usual = |file: &str| file.strip_prefix("~/.ssh/id_").is_some_and(|kind| USUAL_KEYS.contains(&kind));
        if self.all("identityfile").count() >= FEWEST_USUAL && self.all("identityfile").all(usual) {
            self.0.remove("identityfile");
        }
        self
    }

    /// This one, and where it says nothing, the other.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        for (keyword, values) in other.0 {
            if !(WAYS.contains(&keyword.as_str()) && WAYS.iter().any(|way| self.0.contains_key(*way))) {
                self.0.entry(keyword).or_insert(values);
            }
        }
        self
    }
}

pub(super) fn is_known(keyword: &str) -> bool {
    KNOWN.contains(&keyword) || ALIASES.iter().any(|(alias, _)| *alias == keyword)
}

/// All of `ssh_config(5)` as of OpenSSH 10, without those that say whom we may talk to, or how, and are not heeded yet: of
/// these a person is warned.
const KNOWN: &[&str] = &[
    "addkeystoagent",
    "addressfamily",
    "batchmode",
    "bindaddress",
    "canonicaldomains",
    "canonicalizefallbacklocal",
    "canonicalizehostname",
    "canonicalizemaxdots",
    "canonicalizepermittedcnames",
    "casignaturealgorithms",
    "certificatefile",
    "channeltimeout",
    "checkhostip",
    "ciphers",
    "clearallforwardings",
    "compression",
    "connectionattempts",
    "connecttimeout",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "dynamicforward",
    "enableescapecommandline",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "globalknownhostsfile",
    "gssapiauthentication",
    "gssapidelegatecredentials",
    "hashknownhosts",
    "hostbasedacceptedalgorithms",
    "hostbasedauthentication",
    "hostkeyalgorithms",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "ignoreunknown",
    "ipqos",
    "kbdinteractiveauthentication",
    "kbdinteractivedevices",
    "kexalgorithms",
    "localcommand",
    "localforward",
    "loglevel",
    "logverbose",
    "macs",
    "nohostauthenticationforlocalhost",
    "numberofpasswordprompts",
    "obscurekeystroketiming",
    "passwordauthentication",
    "permitlocalcommand",
    "permitremoteopen",
    "pkcs11provider",
    "port",
    "preferredauthentications",
    "proxycommand",
    "proxyjump",
    "proxyusefdpass",
    "pubkeyacceptedalgorithms",
    "pubkeyauthentication",
    "rekeylimit",
    "remotecommand",
    "remoteforward",
    "requesttty",
    "requiredrsasize",
    "revokedhostkeys",
    "securitykeyprovider",
    "sendenv",
    "serveralivecountmax",
    "serveraliveinterval",
    "sessiontype",
    "setenv",
    "stdinnull",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "stricthostkeychecking",
    "syslogfacility",
    "tag",
    "tcpkeepalive",
    "tunnel",
    "tunneldevice",
    "updatehostkeys",
    "user",
    "userknownhostsfile",
    "verifyhostkeydns",
    "versionaddendum",
    "visualhostkey",
    "xauthlocation",
];
