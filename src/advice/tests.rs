use super::*;

#[test]
fn every_example_is_known_as_itself() {
    assert!(KNOWN.len() >= 40, "{}", KNOWN.len());
    for known in KNOWN {
        let advice = of(known.example).unwrap_or_else(|| panic!("not found: {}", known.example));
        assert_eq!(advice.known.pattern, known.pattern, "{}", known.example);
        for text in [&advice.means, &advice.next] {
            assert!(!text.contains(['{', '}']), "a name that the message does not have: {text}");
        }
        assert!(!advice.means.ends_with('.') && !advice.next.ends_with('.'), "{}", known.pattern);
    }
}

#[test]
fn a_message_is_found_in_what_was_pasted_and_its_names_are_used() {
    let pasted = "[2026-11-25 14:01:13.404274 +0000] E [MSGID: 106005]\nvolume heal: my_vol: failed: Volume my_vol is not started.\n";
    assert_eq!(of(pasted).unwrap().next, "`gluster volume start my_vol`, or `bricklayer up`");
    let probe = "peer probe: failed: 10.0.0.9 is either already part of another cluster or having volumes configured";
    assert!(of(probe).unwrap().next.starts_with("see `gluster pool list` on 10.0.0.9;"));
}

#[test]
fn what_is_not_known_has_neighbours_or_none() {
    assert!(of("everything is fine").is_none() && of("").is_none());
    assert!(
        nearest("Volume gv0 already stopped and started").iter().any(|known| known.pattern.contains("already started"))
    );
    assert!(nearest("zzz").is_empty());
}
