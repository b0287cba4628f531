//! Names and addresses of nodes.

use std::net::IpAddr;

use crate::yaml::{Item, Kind, Problem, Problems, show};

/// Reads an address that other nodes can reach. An IPv4 address written as IPv6 (`::ffff:192.168.1.1`) is the IPv4
/// address, so that it is recognised.
pub(crate) fn read(item: &Item<'_>, problems: &mut Problems) -> Option<IpAddr> {
    if matches!(item.value.kind, Kind::Seq(_)) {
        problems.push(
            Problem::item(item, "`ip_address` must be one address, not a list")
                .help("brackets make a list: an IPv6 address is written without them"),
        );
        return None;
    }
    let text = item.line(problems)?;
    let Ok(address) = text.parse::<IpAddr>() else {
        let message = format!("`{}` is not an IP address", show(text));
        let problem = Problem::item(item, message);
        problems.push(match hint(text) {
            Some(help) => problem.help(help),
            None => problem,
        });
        return None;
    };
    let address = address.to_canonical();
    if let Some(fault) = fault(address) {
        let message = format!("`{}` is {fault}", show(text));
        problems
            .push(Problem::item(item, message).help("write the address under which the other nodes reach this one"));
        return None;
    }
    Some(address)
}

fn hint(text: &str) -> Option<&'static str> {
    if text.contains('/') {
        Some("write it without the `/` and the prefix length")
    } else if text.contains('%') {
        Some("an address with a zone (`%eth0`) means something else on every node; write a global one")
    } else if text.starts_with('[') {
        Some("write it without brackets")
    } else if text.contains(|c: char| c.is_ascii_alphabetic()) && !text.contains(':') {
        Some("a name belongs into `hostname`")
    } else if text.split('.').any(|part| part.len() > 1 && part.starts_with('0')) {
        Some("write the parts without leading zeros")
    } else if text.contains('.') {
        Some("an IPv4 address has four parts from 0 to 255: `192.168.1.101`")
    } else {
        None
    }
}

fn fault(address: IpAddr) -> Option<&'static str> {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    if address.is_loopback() {
        Some("every node's own loopback address")
    } else if address.is_unspecified() {
        Some("no node's address")
    } else if address.is_multicast() || matches!(address, IpAddr::V4(v4) if v4.is_broadcast()) {
        Some("the address of many, not of one node")
    } else if link_local {
        Some("a link-local address, which means nothing on other links")
    } else {
        None
    }
}

/// Reads a host name (RFC 1123).
pub(crate) fn hostname<'a>(item: &Item<'a>, problems: &mut Problems) -> Option<&'a str> {
    let name = item.line(problems)?;
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let problem = if name.eq_ignore_ascii_case("localhost") {
        Problem::item(item, "`localhost` is the name of every node").help("write the name that other nodes use")
    } else if name.len() > 253 || !name.split('.').all(label) {
        Problem::item(item, format!("`{}` is not a host name", show(name)))
            .help("a host name has letters, digits and `-`, with `.` between its parts")
    } else {
        return Some(name);
    };
    problems.push(problem);
    None
}
