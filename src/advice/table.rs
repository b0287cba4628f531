//! The table. What stands in braces differs from case to case and may be used in the advice. The examples are as GlusterFS
//! 10.3, Debian 12, dnf and OpenSSH 9.2 print them.

/// A message that is known.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// What does not differ, with names for what does.
    pub pattern: &'static str,
    /// As it was printed once.
    pub example: &'static str,
    /// Why it is said.
    pub means: &'static str,
    /// What to type next.
    pub next: &'static str,
}

const fn known(pattern: &'static str, example: &'static str, means: &'static str, next: &'static str) -> Known {
    Known { pattern, example, means, next }
}

/// All of them; of two that a line could be, the more exact one first.
pub const KNOWN: &[Known] = &[
    // The pool.
    known(
        "{peer} is either already part of another cluster or having volumes configured",
        "peer probe: failed: server1 is either already part of another cluster or having volumes configured",
        "the node that was probed has peers or volumes of its own, which a probe would mix with these",
        "see `gluster pool list` on {peer}; `bricklayer remove --service glusterfs --host NODE --wipe` empties one that was a member here, \
         and `bricklayer replace --old NODE --new NODE` takes back one that was reinstalled",
    ),
    known(
        "Host {peer} is not in 'Peer in Cluster' state",
        "volume create: gv0: failed: Host server4 is not in 'Peer in Cluster' state",
        "the peers do not know each other completely yet, or one of them was rejected",
        "wait some seconds and see `gluster pool list` and `gluster peer status` on every node; each must list all others as in the cluster and connected",
    ),
    known(
        "Staging failed on {peer}",
        "volume create: gv0: failed: Staging failed on 10.77.0.102. Error: Host 10.77.0.103 not connected",
        "one node refused before anything was begun",
        "the reason follows in the message, and in `/var/log/glusterfs/glusterd.log` on {peer}",
    ),
    // Bricks.
    known(
        "Host {peer} not connected",
        "Pre Validation failed on 10.77.0.102. Host 10.77.0.103 not connected",
        "a glusterd does not see another one at present",
        "see `systemctl status glusterd` on {peer} and whether its port 24007 is let in; after a boot they find each other within a minute",
    ),
    known(
        "Peer Rejected",
        "State: Peer Rejected (Connected)",
        "that peer stores volumes in another version than the pool, or has another UUID than the one by which the pool knows it",
        "where it was reinstalled: `bricklayer replace --service glusterfs --old NODE --new NODE`; else compare `gluster volume info` on all nodes and restart its glusterd",
    ),
    known(
        "{peer} hosts one or more bricks",
        "peer detach: failed: Peer server4 hosts one or more bricks. If the peer is in not recoverable state then use either replace-brick or remove-brick command with force",
        "a peer with bricks cannot leave the pool, also not with `force`",
        "`bricklayer remove --service glusterfs --host NODE` takes its bricks out first",
    ),
    known(
        "{peer} is not part of cluster",
        "peer detach: failed: server4 is not part of cluster",
        "the pool has no peer of that name",
        "see the names in `gluster pool list`",
    ),
    known(
        "{peer} is localhost",
        "peer detach: failed: server1 is localhost",
        "a node cannot be detached from itself",
        "run it on another member, as `bricklayer remove` does",
    ),
    known(
        "Cluster quorum is not met. Changing peers is not allowed",
        "peer probe: failed: Cluster quorum is not met. Changing peers is not allowed in this state",
        "fewer members are up than the quorum of the servers asks for",
        "bring the members back that `gluster pool list` shows as disconnected",
    ),
    known(
        "Quorum not met. Volume operation not allowed",
        "volume start: gv0: failed: Quorum not met. Volume operation not allowed.",
        "the volume has `cluster.server-quorum-type: server`, and too few members are up; its bricks were stopped for that",
        "bring the members back that `gluster pool list` shows as disconnected; the bricks then start by themselves",
    ),
    known(
        "Another transaction is in progress",
        "volume set: failed: Another transaction is in progress for gv0. Please try again after some time.",
        "another command holds the lock of the volume, or one that waits for a silent peer, which may take ten minutes",
        "wait and try again; see on all nodes who runs `gluster`, and whether every peer answers",
    ),
    known(
        "Locking failed on {peer}",
        "Locking failed on 10.77.0.103. Please check log file for details.",
        "a peer did not take the lock: it is just being connected again, or is gone",
        "wait until `gluster pool list` shows {peer} as connected, and try again",
    ),
    known(
        "Error : Request timed out",
        "Error : Request timed out",
        "glusterd did not answer in two minutes; it often completes what it was asked for all the same",
        "look again (`gluster volume info`) before you repeat it, and see whether every peer answers: one that fell silent is waited for",
    ),
    known(
        "Connection failed. Please check if gluster daemon is operational",
        "Connection failed. Please check if gluster daemon is operational.",
        "glusterd does not run on this node",
        "`systemctl status glusterd`, `journalctl -u glusterd`, then `systemctl start glusterd`",
    ),
    known(
        "Commit failed on {peer}",
        "Commit failed on server4. Please check log file for details.",
        "one node could not do what all had agreed to",
        "see `/var/log/glusterfs/glusterd.log` on {peer}; compare `gluster volume info` on all nodes, then run `bricklayer plan`",
    ),
    known(
        "{brick} is already part of a volume",
        "volume create: gv0: failed: /data/glusterfs/shared is already part of a volume",
        "the folder carries the mark of a volume, of a create that failed or of one that is gone",
        "`bricklayer up` cleans what a failed create left; where it holds files, move the folder away: under a new brick they are lost or come back",
    ),
    known(
        "is being created in the root partition",
        "volume create: gv0: failed: The brick server1:/data/gv0 is being created in the root partition. It is recommended that you don't use the system's root partition for storage backend. Or use 'force' at the end of the command if you want to override this behavior.",
        "the brick is on the system's own disk, which a full brick fills",
        "mount a disk of its own above it; `bricklayer` uses `force` for this alone, unless the inventory says `dedicated_brick: required`",
    ),
    known(
        "is a mount point. Please create a sub-directory",
        "volume create: gv0: failed: The brick server1:/data is a mount point. Please create a sub-directory under the mount point and use that as the brick directory. Or use 'force' at the end of the command if you want to override this behavior.",
        "with the disk not mounted, an empty folder would be taken for the brick",
        "name a folder below the mount point in `storage.glusterfs.brick_path`",
    ),
    known(
        "Incorrect number of bricks supplied {given} with count {count}",
        "volume add-brick: failed: Incorrect number of bricks supplied 1 with count 2",
        "bricks are added in multiples of the replica count, or with a new one",
        "add {count} at a time, or let `bricklayer up` find the count: `replica_count` in the inventory",
    ),
    known(
        "is down, changing replica count needs all the bricks to be up",
        "volume add-brick: failed: Brick /data/gv0 is down, changing replica count needs all the bricks to be up to avoid data loss",
        "a copy is away while another is to be added",
        "`bricklayer status` names it, `bricklayer up` starts it",
    ),
    known(
        "Failed to find brick directory {path}",
        "0-management: Failed to find brick directory /data/gv0 for volume gv0. Reason : No such file or directory",
        "the folder of a brick is not there: its disk is not mounted, or lost",
        "`findmnt -T {path}`; mount the disk, or put an empty brick there: `bricklayer replace --service glusterfs --old NODE --new NODE`",
    ),
    known(
        "Deleting all the bricks of the volume is not allowed",
        "volume remove-brick start: failed: Deleting all the bricks of the volume is not allowed",
        "the last copy cannot be taken out",
        "add a node first, or delete the volume by hand when nobody needs it",
    ),
    known(
        "Bricks not from same subvol for replica",
        "volume remove-brick start: failed: Bricks not from same subvol for replica",
        "only whole replica sets can be taken out",
        "see their order in `gluster volume info`; `bricklayer remove` takes all nodes of a set: name each with `--host`",
    ),
    known(
        "Remove brick incorrect brick count of {given} for replica {count}",
        "volume remove-brick start: failed: Remove brick incorrect brick count of 1 for replica 2",
        "only whole replica sets can be taken out",
        "name all {count} bricks of the set: `bricklayer remove` with `--host` for each node",
    ),
    known(
        "is not decommissioned. Use start or force option",
        "volume remove-brick commit: failed: Brick server3:/data/gv0 is not decommissioned. Use start or force option",
        "its files were never moved off it, and a commit would lose them",
        "`bricklayer remove` moves them, waits, and commits only when nothing failed",
    ),
    known(
        "use 'force' option as migration is in progress",
        "Pre Validation failed on server4. use 'force' option as migration is in progress",
        "files are still being moved off the brick; `force` would lose them",
        "wait: `gluster volume remove-brick VOLUME BRICK.. status`",
    ),
    known(
        "Migration of data is not needed when reducing replica count",
        "volume remove-brick start: failed: Migration of data is not needed when reducing replica count. Use 'force' option",
        "a copy is dropped and not moved",
        "`bricklayer remove` does it when the copies that stay are complete",
    ),
    known(
        "When destination brick is new, please use gluster volume replace-brick",
        "volume reset-brick: failed: Pre Validation failed on 10.77.0.103. When destination brick is new, please use gluster volume replace-brick <volname> <src-brick> <dst-brick> commit force",
        "glusterd has got the volume from its peers and not read that brick from its own disk yet",
        "make the brick's folder, restart glusterd on its node, and repeat `reset-brick .. start` and `.. commit`; `bricklayer replace` does that",
    ),
    known(
        "Source brick must be stopped",
        "volume reset-brick: failed: Source brick must be stopped. Please use gluster volume reset-brick <volname> <dst-brick> start.",
        "the brick still runs, or glusterd has just started it again",
        "`gluster volume reset-brick VOLUME BRICK start`, then the commit again",
    ),
    known(
        "Cannot convert replica 3 volume to arbiter volume",
        "volume add-brick: failed: Cannot convert replica 3 volume to arbiter volume.",
        "an arbiter can only be added to two copies",
        "take one copy out first (`bricklayer remove`), then add the arbiter",
    ),
    // Volumes.
    known(
        "Volume {volume} already started",
        "volume start: gv0: failed: Volume gv0 already started",
        "there is nothing to start; a brick without a process is another matter",
        "`bricklayer status`; `gluster volume start {volume} force` starts bricks that do not run, as `bricklayer up` does",
    ),
    known(
        "Volume {volume} is not started",
        "volume heal: gv0: failed: Volume gv0 is not started.",
        "the volume was stopped, or never started",
        "`gluster volume start {volume}`, or `bricklayer up`",
    ),
    known(
        "Volume {volume} does not exist",
        "volume info: failed: Volume gv0 does not exist",
        "this node's pool has no such volume; on a node that was detached it has none at all",
        "`gluster volume list` and `gluster pool list` here; compare with `storage.glusterfs.volume_name`",
    ),
    known(
        "Rebalance on {volume} is already started",
        "volume rebalance: gv0: failed: Rebalance on gv0 is already started",
        "files are being moved to new bricks",
        "`gluster volume rebalance {volume} status`",
    ),
    known(
        "is out of range [{range}]",
        "volume set: failed: '99999' in 'option ping-timeout 99999' is out of range [0 - 1013]",
        "the value of an option is too small or too large",
        "correct it in `storage.glusterfs.options`: {range}",
    ),
    known(
        "option : {option} does not exist",
        "volume set: failed: option : cluster.nonsense does not exist",
        "there is no such option in this version",
        "see `gluster volume set help`, and correct `{option}` in `storage.glusterfs.options`",
    ),
    known(
        "is not of replicate type",
        "volume set: failed: Volume gv0 is not of replicate type",
        "the option is for copies, and the volume has one only",
        "add a second node first; `bricklayer` sets such options then",
    ),
    known(
        "Is in split-brain",
        "/uploads/report.txt - Is in split-brain",
        "the copies differ, and each holds the others to be wrong; it reads as an input/output error",
        "`bricklayer heal` shows every copy; `bricklayer heal FILE --source NODE` (or `--bigger-file`, `--latest-mtime`) says which is right",
    ),
    known(
        "No difference in mtime",
        "Healing /a failed: No difference in mtime.",
        "the copies were changed at the same second, so that none is the latest",
        "choose by `source-brick HOST:BRICK` or `bigger-file`",
    ),
    known(
        "File not in split-brain",
        "Healing /a failed: File not in split-brain.",
        "it has been healed, or waits for a heal that needs no decision",
        "`gluster volume heal VOLUME info`",
    ),
    // Mounts and clients.
    known(
        "Mount failed. Check the log file for more details",
        "Mount failed. Check the log file for more details.",
        "the volume does not serve, its server was not reached, or the volume has another name",
        "the last lines of `/var/log/glusterfs/` and the mount point (dashes for slashes) with `.log`; `gluster volume status` on a member",
    ),
    known(
        "Transport endpoint is not connected",
        "ls: cannot access '/mnt/gluster': Transport endpoint is not connected",
        "the mount's process is gone, or it reaches too few bricks for a quorum",
        "`bricklayer status`; once the bricks run: `umount MOUNT_POINT && mount MOUNT_POINT`, or `bricklayer up`",
    ),
    known(
        "target is busy",
        "umount: /mnt/gluster: target is busy.",
        "somebody works in the mount point",
        "`fuser -vm MOUNT_POINT` (package psmisc) names the processes; end them, or leave the folder",
    ),
    known(
        "unknown filesystem type 'glusterfs'",
        "mount: /mnt/gluster: unknown filesystem type 'glusterfs'.",
        "the client of GlusterFS is not installed",
        "install `glusterfs-client` (Debian, Ubuntu) or `glusterfs-fuse` (RHEL); `bricklayer up` does",
    ),
    known(
        "Start request repeated too quickly",
        "glusterd.service: Start request repeated too quickly.",
        "systemd gave up after several failures in a row, and starts the unit no more",
        "read why it failed (`journalctl -u UNIT -b`), then `systemctl reset-failed UNIT && systemctl start UNIT`",
    ),
    // Packages.
    known(
        "Could not get lock {file}",
        "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (apt-get)",
        "another package manager works on the node, as after its first boot",
        "wait for it; `bricklayer` does, for five minutes",
    ),
    known(
        "Unable to locate package {package}",
        "E: Unable to locate package glusterfs-server",
        "no source of the node has the package, or its lists are old",
        "`apt-get update` there; see `/etc/apt/sources.list*`",
    ),
    known(
        "dpkg was interrupted",
        "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
        "an installation was cut short",
        "`dpkg --configure -a` there",
    ),
    known(
        "No match for argument: {package}",
        "No match for argument: glusterfs-server",
        "no repository of the node has the package; RHEL has no GlusterFS server",
        "`dnf install centos-release-gluster10` (CentOS Stream and its kin), or add the vendor's repository",
    ),
    known(
        "No space left on device",
        "write error: No space left on device",
        "a file system is full, or has no inodes left; a full brick says nothing to clients and holds their files on the other copies only",
        "`df -h` and `df -i` there, on the brick too",
    ),
    // Getting in.
    known(
        "REMOTE HOST IDENTIFICATION HAS CHANGED",
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
        "the host shows another key than the one that is known: it was reinstalled, or somebody is in between",
        "compare the fingerprint on the host; if it was reinstalled: `ssh-keygen -R HOST`",
    ),
    known(
        "Host key verification failed",
        "Host key verification failed.",
        "the key of the host is not known, or not the one that is known",
        "compare its fingerprint (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the host), then `--accept-new-host-keys`",
    ),
    known(
        "Permission denied (publickey",
        "root@server1: Permission denied (publickey,password).",
        "the server takes none of the keys that were offered",
        "`ssh-add -l` shows what the agent has; name the key as `ssh: identity_file`, and check `ssh: user`",
    ),
    known(
        "Too many authentication failures",
        "Received disconnect from 10.77.0.101 port 22:2: Too many authentication failures",
        "more keys were offered than the server's `MaxAuthTries` allows",
        "`IdentitiesOnly yes` with `IdentityFile`, or `ssh: identity_file` in the inventory",
    ),
    known(
        "a password is required",
        "sudo: a password is required",
        "sudo asks for a password, and nobody has given one",
        "run again with `--ask-sudo-password`, or allow the user `NOPASSWD` in `/etc/sudoers.d`",
    ),
    known(
        "you must have a tty to run sudo",
        "sudo: sorry, you must have a tty to run sudo",
        "sudoers says `requiretty`",
        "`bricklayer` makes a terminal with `script` (util-linux); where that is missing: `Defaults:USER !requiretty`",
    ),
    known(
        "is not in the sudoers file",
        "admin is not in the sudoers file.",
        "the user may not become root there",
        "allow it in `/etc/sudoers.d`, or log in as another user (`ssh: user`)",
    ),
];
