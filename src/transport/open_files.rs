//! The limit on open files, which a fleet runs into first.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything but connections: journal, terminal, agent, runtime.
const RESERVED: u64 = 64;

/// Raises the soft limit on open files to the hard one and answers with how many connections fit under it.
///
/// An error says that `connections` do not fit and what to do; nothing stops a caller from going on with fewer. Peers
/// silently skipped hosts here (ansible/ansible#82471).
pub fn open_file_limit(connections: usize) -> Result<usize, String> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
        tracing::warn!(?current, ?maximum, "the limit on open files could not be raised");
    }
    fits(getrlimit(Resource::Nofile).current, connections)
}

fn fits(limit: Option<u64>, connections: usize) -> Result<usize, String> {
    let Some(limit) = limit else { return Ok(usize::MAX) };
    let room = usize::try_from(limit.saturating_sub(RESERVED)).unwrap_or(usize::MAX);
    if room >= connections {
        return Ok(room);
    }
    let wanted = connections as u64 + RESERVED;
    Err(format!(
        "{connections} connections do not fit into the limit of {limit} open files: use `--forks {room}`, or raise it \
         (`ulimit -Hn {wanted}`, `nofile` in limits.conf)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said() {
        assert_eq!(fits(Some(1024), 100), Ok(960));
        assert_eq!(fits(None, 100), Ok(usize::MAX));
        let message = fits(Some(128), 100).unwrap_err();
        assert!(message.contains("`--forks 64`") && message.contains("`ulimit -Hn 164`"), "{message}");
    }

    #[test]
    fn the_soft_limit_is_raised() {
        open_file_limit(1).unwrap();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
