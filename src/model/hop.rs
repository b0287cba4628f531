//! Servers on the way to a node.

/// A server on the way. What it does not say, the configuration says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Login user.
    pub user: Option<String>,
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: Option<u16>,
}

impl Hop {
    /// Several, divided by commas, the nearest first.
    pub fn read_all(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(Self::read).collect()
    }

    /// `[user@]host[:port]`, or the same as `ssh://`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("ssh://").map_or(text, |rest| rest.trim_end_matches('/'));
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host, port.strip_prefix(':'))
            }
            // More than one colon: an address of version 6 without a port.
            None => match rest.split_once(':') {
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (rest, None),
            },
        };
        let port = port.map(str::parse).transpose().ok()?;
        (!host.is_empty()).then(|| Self { user, host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_as_openssh_writes_them() {
        let hop = |text: &str| Hop::read(text).map(|hop| (hop.user.unwrap_or_default(), hop.host, hop.port));
        let is = |user: &str, host: &str, port| Some((user.to_owned(), host.to_owned(), port));
        assert_eq!(hop("bastion"), is("", "bastion", None));
        assert_eq!(hop("a@b@bastion:2222"), is("a@b", "bastion", Some(2222)));
        assert_eq!(hop("ssh://me@bastion:22/"), is("me", "bastion", Some(22)));
        assert_eq!(hop("[fe80::1]:23"), is("", "fe80::1", Some(23)));
        assert_eq!(hop("fe80::1"), is("", "fe80::1", None));
        assert_eq!(hop("bastion:port"), None);
        assert_eq!(hop("me@"), None);
    }
}
