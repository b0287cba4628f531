//! Which algorithms are offered, where somebody has a say in it.

use russh::keys::Algorithm;
use russh::{Preferred, cipher, kex, mac};

use crate::model::pattern::matches;
use crate::transport::api::ConnectError;
use crate::transport::target::Target;

/// Those of russh, in its order, and as `ssh_config` changes them.
/// `certified`: a certificate rather than a plain key is asked for.
pub(super) fn preferred(target: &Target, key: Vec<Algorithm>, certified: bool) -> Result<Preferred, ConnectError> {
    let wanted = &target.algorithms;
    let certificates = if certified { key.clone() } else { Vec::new() };
    let usual = Preferred { key: key.into(), host_key_certificates: certificates.into(), ..Preferred::DEFAULT };
    let kex = choose("KexAlgorithms", wanted.kex.as_deref(), &usual.kex, kex::ALL_KEX_ALGORITHMS)?;
    // No algorithms, but what the two sides say of themselves in the same list.
    let marks = usual.kex.iter().filter(|name| is_mark(name.as_ref()) && !kex.contains(name)).copied();
    Ok(Preferred {
        kex: kex.iter().copied().chain(marks).collect(),
        cipher: choose("Ciphers", wanted.ciphers.as_deref(), &usual.cipher, cipher::ALL_CIPHERS)?.into(),
        mac: choose("MACs", wanted.macs.as_deref(), &usual.mac, mac::ALL_MAC_ALGORITHMS)?.into(),
        ..usual
    })
}

fn is_mark(name: &str) -> bool {
    name.starts_with("ext-info-") || name.starts_with("kex-strict-")
}

/// A list, or with `+` more than usual, with `-` less (patterns), with `^` these first (`ssh_config(5)`, `Ciphers`).
/// Names that are not known here are passed over.
fn choose<N: AsRef<str> + Copy + PartialEq>(
    keyword: &str,
    wanted: Option<&str>,
    usual: &[N],
    all: &[&N],
) -> Result<Vec<N>, ConnectError> {
    let Some(wanted) = wanted else { return Ok(usual.to_vec()) };
    let (how, list) = match wanted.chars().next() {
        Some(how @ ('+' | '-' | '^')) => (how, &wanted[1..]),
        _ => ('=', wanted),
    };
    let known = |name: &str| all.iter().find(|known| known.as_ref() == name).map(|known| **known);
    let named: Vec<N> = list.split(',').filter_map(|name| known(name.trim())).collect();
    let rest = |of: &[N], without: &[N]| of.iter().filter(|name| !without.contains(name)).copied().collect::<Vec<_>>();
    let chosen = match how {
        '+' => [usual, &rest(&named, usual)].concat(),
        '^' => [&named[..], &rest(usual, &named)].concat(),
        '-' => {
            let patterns: Vec<_> = list.split(',').map(str::trim).collect();
            let keeps = |name: &N| !patterns.iter().any(|pattern| matches(pattern, name.as_ref()));
            usual.iter().copied().filter(keeps).collect()
        }
        _ => named,
    };
    if chosen.iter().any(|name| !is_mark(name.as_ref())) {
        return Ok(chosen);
    }
    let known: Vec<_> =
        all.iter().map(AsRef::as_ref).filter(|name: &&str| *name != "none" && *name != "clear").collect();
    Err(ConnectError::Local(format!("nothing is left of `{keyword} {wanted}`: known here are {}", known.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ciphers(wanted: &str) -> Result<Vec<&'static str>, String> {
        let mut target = Target::new("server1".into(), "server1", "root");
        target.algorithms.ciphers = Some(wanted.to_owned());
        let preferred = preferred(&target, Vec::new(), false).map_err(|error| error.to_string())?;
        let all = cipher::ALL_CIPHERS;
        Ok(preferred.cipher.iter().filter_map(|one| all.iter().find(|name| **name == one).map(AsRef::as_ref)).collect())
    }

    #[test]
    fn lists_are_made_as_openssh_says() {
        let usual: Vec<_> = Preferred::DEFAULT.cipher.iter().map(|name| name.as_ref().to_owned()).collect();
        assert_eq!(ciphers("aes256-ctr,no-such,aes128-ctr").unwrap(), ["aes256-ctr", "aes128-ctr"]);
        assert_eq!(ciphers("+aes128-cbc").unwrap().len(), usual.len() + 1);
        assert_eq!(ciphers("^aes128-ctr").unwrap()[0], "aes128-ctr");
        assert!(ciphers("-*gcm*").unwrap().iter().all(|name| !name.contains("gcm")));
        let said = ciphers("no-such").unwrap_err();
        assert!(said.contains("`Ciphers no-such`") && said.contains("aes256-ctr"), "{said}");
        assert!(ciphers("-*").is_err());
    }

    #[test]
    fn the_list_of_key_exchanges_keeps_its_marks() {
        let mut target = Target::new("server1".into(), "server1", "root");
        target.algorithms.kex = Some("curve25519-sha256".to_owned());
        let preferred = preferred(&target, Vec::new(), false).unwrap();
        assert_eq!(preferred.kex.iter().filter(|name| !is_mark(name.as_ref())).count(), 1);
        assert!(preferred.kex.iter().any(|name| name.as_ref() == "kex-strict-c-v00@openssh.com"));
    }
}
