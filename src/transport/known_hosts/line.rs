//! One line of a `known_hosts` file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use russh::keys::{PublicKey, parse_public_key_base64};
use sha1::Sha1;

use crate::model::pattern::any;

/// What a line says of a key.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) hosts: Hosts,
    pub(super) mark: Mark,
    pub(super) key: PublicKey,
}

/// What the key is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Its own.
    Key,
    /// `@revoked`: not to be believed.
    Revoked,
    /// `@cert-authority`: signs its certificates.
    Authority,
}

/// Whom a line is about.
#[derive(Clone, Debug)]
pub(super) enum Hosts {
    /// HMAC-SHA1 of the name under the salt.
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
    /// Patterns with `*` and `?`; `!` in front excludes.
    Patterns(Vec<String>),
}

/// What came of reading a line.
#[derive(Clone, Debug)]
pub(super) enum Line {
    Entry(Entry),
    /// Empty, or a comment.
    Nothing,
    /// Not understood, with the reason.
    Malformed(&'static str),
}

impl Line {
    pub(super) fn parse(text: &str) -> Self {
        let mut words = text.split_ascii_whitespace().peekable();
        let Some(first) = words.next_if(|word| !word.starts_with('#')) else { return Self::Nothing };
        let (mark, hosts) = match first {
            "@cert-authority" => (Mark::Authority, words.next()),
            "@revoked" => (Mark::Revoked, words.next()),
            marker if marker.starts_with('@') => return Self::Malformed("unknown marker"),
            hosts => (Mark::Key, Some(hosts)),
        };
        let (Some(hosts), Some(_type), Some(key)) = (hosts, words.next(), words.next()) else {
            return Self::Malformed("it needs names, a key type and a key");
        };
        let Some(hosts) = Hosts::parse(hosts) else { return Self::Malformed("bad hashed name") };
        match parse_public_key_base64(key) {
            Ok(key) => Self::Entry(Entry { hosts, mark, key }),
            Err(_) => Self::Malformed("bad key"),
        }
    }
}

impl std::fmt::Display for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hashed { salt, hash } => write!(f, "|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(hash)),
            Self::Patterns(patterns) => f.write_str(&patterns.join(",")),
        }
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        let Some(hashed) = text.strip_prefix("|1|") else {
            return Some(Self::Patterns(text.split(',').map(str::to_lowercase).collect()));
        };
        let (salt, hash) = hashed.split_once('|')?;
        Some(Self::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? })
    }

    /// The name under a salt.
    pub(super) fn hashed(name: &str, salt: Vec<u8>) -> Self {
        let mac = Hmac::<Sha1>::new_from_slice(&salt).map(|mac| mac.chain_update(name.as_bytes()).finalize());
        let hash = mac.map(|mac| mac.into_bytes().to_vec()).unwrap_or_default();
        Self::Hashed { salt, hash }
    }

    /// Whether `name` (lower case, `[name]:port` where the port is not 22) is meant.
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Hashed { salt, hash } => Hmac::<Sha1>::new_from_slice(salt)
                .is_ok_and(|mac| mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok()),
            Self::Patterns(patterns) => any(patterns, name),
        }
    }
}
