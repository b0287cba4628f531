//! How many bricks of a replica set a client wants before it writes.

use crate::services::glusterfs::facts::Volume;

// What a client asks for before it writes (fact 8.7): more than half of a set, of a half the one with the first brick; where
// nobody has said so, sets of three or more. Reads need one brick.
enum Quorum {
    One,
    Half,
    Count(usize),
}

fn quorum(volume: &Volume) -> Quorum {
    match (volume.option("cluster.quorum-type"), volume.option("cluster.quorum-count")) {
        (Some("auto"), _) => Quorum::Half,
        (Some("fixed"), Some(count)) => count.parse().map_or(Quorum::One, Quorum::Count),
        (None, _) if volume.replica > 2 => Quorum::Half,
        _ => Quorum::One,
    }
}

/// How many bricks of a set a write needs, for people.
pub fn writes_need(volume: &Volume) -> String {
    let bricks = volume.replica.max(1) as usize;
    match quorum(volume) {
        Quorum::One => format!("1 of {bricks}"),
        Quorum::Half if bricks.is_multiple_of(2) => format!("{} of {bricks}, or half with the first", bricks / 2 + 1),
        Quorum::Half => format!("{} of {bricks}", bricks / 2 + 1),
        Quorum::Count(count) => format!("{count} of {bricks}"),
    }
}

/// Is a set written to, of which these bricks are up?
pub fn writes(volume: &Volume, set: &[bool]) -> bool {
    let up = set.iter().filter(|up| **up).count();
    match quorum(volume) {
        Quorum::One => up > 0,
        Quorum::Half => up * 2 > set.len() || up * 2 == set.len() && set[0],
        Quorum::Count(count) => up >= count,
    }
}
