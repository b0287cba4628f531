//! A client that goes on writing, and every record that was acknowledged to it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::checks::MOUNT;
use crate::harness::{Lab, eventually};

// Appends to a few files and makes new ones, each record synced before it counts as acknowledged.
const WRITER: &str = r#"#!/bin/sh
mkdir /mnt/gluster/writer && cd /mnt/gluster/writer || exit 1
i=0
while [ ! -e /root/stop ]; do
  i=$((i + 1))
  if [ $((i % 2)) = 0 ]; then file=log$((i % 10)); else file=new$i; fi
  if printf 'record %s.\n' $i | dd of=$file oflag=append conv=notrunc,fsync status=none 2>>/root/errors; then
    echo "$i $(date +%s%N)" >>/root/acknowledged
  else
    echo "record $i" >>/root/errors
  fi
  sleep 0.01
done
"#;

const NOT_CONNECTED: &str = "Transport endpoint is not connected";

/// A client that writes on a node.
pub struct Writer<'a> {
    lab: &'a Lab,
    node: usize,
}

impl<'a> Writer<'a> {
    /// It has begun when this returns.
    pub fn start(lab: &'a Lab, node: usize) -> Self {
        lab.ssh(node, &format!("cat >/root/writer <<'END'\n{WRITER}END\nchmod +x /root/writer"));
        lab.ssh(node, "systemd-run -q --unit=writer /root/writer");
        eventually(Duration::from_secs(10), "the writer writes", || {
            lab.holds(node, "[ $(wc -l </root/acknowledged) -gt 20 ]")
        });
        Self { lab, node }
    }

    /// Every acknowledged record is there, read on another node and without a cache that could know better.
    pub fn stop(self, reader: usize) {
        let errors = self.end();
        assert_eq!(errors, "", "what the writer got");
        self.read_back(reader);
    }

    /// The same after a replica set left. Gluster stops its bricks before it tells the clients, and a client that stays
    /// in a folder without looking it up again still asks them for a new name: it gets an error, for less than a second.
    pub fn stop_after_commit(self, reader: usize) {
        let errors = self.end();
        let (refused, others): (Vec<_>, Vec<_>) =
            errors.lines().filter(|line| !line.starts_with("record ")).partition(|line| line.contains(NOT_CONNECTED));
        assert!(others.is_empty() && refused.len() < 50, "what the writer got: {errors}");
        self.read_back(reader);
    }

    // What it could not do.
    fn end(&self) -> String {
        let Self { lab, node } = *self;
        lab.ssh(node, "systemctl -q is-active writer && touch /root/stop");
        eventually(Duration::from_secs(60), "the writer ends", || !lab.holds(node, "systemctl -q is-active writer"));
        lab.ssh(node, "cat /root/errors")
    }

    fn read_back(&self, reader: usize) {
        let Self { lab, node } = *self;
        let times = lab.ssh(node, "cat /root/acknowledged");
        let records: Vec<(u64, u64)> = times
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(record, at)| (record.parse().unwrap(), at.parse().unwrap()))
            .collect();
        let read = lab.ssh(reader, &format!("cat {MOUNT}/writer/*"));
        let there: BTreeSet<&str> = read.lines().collect();
        let lost: Vec<u64> =
            records.iter().map(|(i, _)| *i).filter(|i| !there.contains(format!("record {i}.").as_str())).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        assert_eq!(there.len(), records.len(), "nothing else is there, and nothing twice");
        assert_eq!(read.lines().count(), records.len());
        let gap = records.windows(2).map(|two| (two[1].1 - two[0].1) / 1_000_000).max().unwrap();
        eprintln!("writer: {} records, longest gap {gap} ms", records.len());
        // Once or twice network.ping-timeout is what a lost connection costs; joining and leaving must not cost one.
        assert!(gap < 10_000, "a write hung for {gap} ms");
    }
}
