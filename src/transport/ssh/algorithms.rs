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
    let (key, certificates) = host_keys(wanted.host_keys.as_deref(), key, certified)?;
    let usual = Preferred {
        key: key.into(),
        host_key_certificates: certificates.into(),
        cipher: ciphers(has_aes()).into(),
        ..Preferred::DEFAULT
    };
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

/// AES-GCM first where this machine is made for it, as servers then are, too: a file costs both sides a fifth less than with
/// `ChaCha20-Poly1305` (measured).
fn ciphers(has_aes: bool) -> Vec<cipher::Name> {
    let (first, rest): (Vec<_>, Vec<_>) =
        Preferred::DEFAULT.cipher.iter().copied().partition(|name| has_aes && *name == cipher::AES_256_GCM);
    [first, rest].concat()
}

#[cfg(target_arch = "x86_64")]
fn has_aes() -> bool {
    std::arch::is_x86_feature_detected!("aes") && std::arch::is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "aarch64")]
fn has_aes() -> bool {
    std::arch::is_aarch64_feature_detected!("aes")
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn has_aes() -> bool {
    false
}

/// Key types in the order given, as `HostKeyAlgorithms` changes them, and those of which a certificate is asked for. A list of
/// its own is not an order of its own: what is known of the host still comes first.
fn host_keys(
    wanted: Option<&str>,
    usual: Vec<Algorithm>,
    certified: bool,
) -> Result<(Vec<Algorithm>, Vec<Algorithm>), ConnectError> {
    let plain = |keys: &[Algorithm]| keys.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>();
    let with_certificates = |keys: &[Algorithm]| {
        let certificates = keys.iter().map(Algorithm::to_certificate_type);
        certificates.chain(plain(keys)).collect::<Vec<String>>()
    };
    let all = with_certificates(&Preferred::DEFAULT.key);
    let all: Vec<&String> = all.iter().collect();
    let chosen = choose("HostKeyAlgorithms", wanted, &with_certificates(&usual), &all)?;
    let more = Preferred::DEFAULT.key.iter().filter(|key| !usual.contains(key)).cloned().collect::<Vec<_>>();
    let known: Vec<_> = usual.into_iter().chain(more).collect();
    let keys = known.iter().filter(|key| chosen.iter().any(|name| name == key.as_str())).cloned().collect();
    let certificates = known.into_iter().filter(|key| certified && chosen.contains(&key.to_certificate_type()));
    Ok((keys, certificates.collect()))
}

fn is_mark(name: &str) -> bool {
    name.starts_with("ext-info-") || name.starts_with("kex-strict-")
}

/// A list, or with `+` more than usual, with `-` less (patterns), with `^` these first (`ssh_config(5)`, `Ciphers`).
/// Names that are not known here are passed over.
fn choose<N: AsRef<str> + Clone + PartialEq>(
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
    let known = |name: &str| all.iter().find(|known| known.as_ref() == name).map(|known| (*known).clone());
    let named: Vec<N> = list.split(',').filter_map(|name| known(name.trim())).collect();
    let rest = |of: &[N], without: &[N]| of.iter().filter(|name| !without.contains(name)).cloned().collect::<Vec<_>>();
    let chosen = match how {
        '+' => [usual, &rest(&named, usual)].concat(),
        '^' => [&named[..], &rest(usual, &named)].concat(),
        '-' => {
            let patterns: Vec<_> = list.split(',').map(str::trim).collect();
            let keeps = |name: &N| !patterns.iter().any(|pattern| matches(pattern, name.as_ref()));
            usual.iter().filter(|name| keeps(name)).cloned().collect()
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
    use russh::keys::HashAlg;

    use super::*;

    fn chosen(wanted: &str) -> Result<Vec<&'static str>, String> {
        let mut target = Target::new("server1".into(), "server1", "root");
        target.algorithms.ciphers = Some(wanted.to_owned());
        let preferred = preferred(&target, Vec::new(), false).map_err(|error| error.to_string())?;
        let all = cipher::ALL_CIPHERS;
        Ok(preferred.cipher.iter().filter_map(|one| all.iter().find(|name| **name == one).map(AsRef::as_ref)).collect())
    }

    #[test]
    fn lists_are_made_as_openssh_says() {
        let usual: Vec<_> = Preferred::DEFAULT.cipher.iter().map(|name| name.as_ref().to_owned()).collect();
        assert_eq!(chosen("aes256-ctr,no-such,aes128-ctr").unwrap(), ["aes256-ctr", "aes128-ctr"]);
        assert_eq!(chosen("+aes128-cbc").unwrap().len(), usual.len() + 1);
        assert_eq!(chosen("^aes128-ctr").unwrap()[0], "aes128-ctr");
        assert!(chosen("-*gcm*").unwrap().iter().all(|name| !name.contains("gcm")));
        let said = chosen("no-such").unwrap_err();
        assert!(said.contains("`Ciphers no-such`") && said.contains("aes256-ctr"), "{said}");
        assert!(chosen("-*").is_err());
    }

    #[test]
    fn aes_comes_first_where_this_machine_is_made_for_it() {
        assert_eq!(ciphers_by(true)[..2], ["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"]);
        assert_eq!(ciphers_by(false)[0], "chacha20-poly1305@openssh.com");
        assert_eq!(ciphers_by(true).len(), ciphers_by(false).len());
    }

    fn ciphers_by(has_aes: bool) -> Vec<String> {
        super::ciphers(has_aes).iter().map(|name| name.as_ref().to_owned()).collect()
    }

    #[test]
    fn host_keys_are_chosen_by_type_and_certificate() {
        let usual = || vec![Algorithm::Ed25519, Algorithm::Rsa { hash: Some(HashAlg::Sha512) }];
        let names = |wanted: &str| {
            let (keys, certificates) = host_keys(Some(wanted), usual(), true).map_err(|error| error.to_string())?;
            let join =
                |keys: &[Algorithm]| keys.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>().join(" ");
            Ok::<_, String>((join(&keys), join(&certificates)))
        };
        let both = |keys: &str, certificates: &str| Ok((keys.to_owned(), certificates.to_owned()));
        let usual_names = "ssh-ed25519 rsa-sha2-512";
        assert_eq!(names("+ssh-rsa"), both("ssh-ed25519 rsa-sha2-512 ssh-rsa", usual_names));
        assert_eq!(names("-ssh-ed25519*"), both("rsa-sha2-512", "rsa-sha2-512"));
        assert_eq!(names("rsa-sha2-512,ssh-ed25519"), both(usual_names, ""));
        assert_eq!(names("ssh-ed25519-cert-v01@openssh.com"), both("", "ssh-ed25519"));
        assert!(names("ssh-dss").unwrap_err().contains("`HostKeyAlgorithms ssh-dss`"));
        let (keys, certificates) = host_keys(None, usual(), false).unwrap();
        assert_eq!((keys, certificates), (usual(), Vec::new()));
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
