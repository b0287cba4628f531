"""parallel_ssh.py HOSTS PORT USER KEY FORKS STEPS COMMAND: the library of this name, one connection a host."""

import sys

from pssh.clients import ParallelSSHClient

hosts, port, user, key, forks, steps, command = sys.argv[1:]
with open(hosts) as file:
    names = file.read().split()
client = ParallelSSHClient(names, user=user, port=int(port), pkey=key, pool_size=int(forks), allow_agent=False)
for _ in range(int(steps)):
    outputs = client.run_command(command)
    client.join(outputs)
    for output in outputs:
        for _line in output.stdout:
            pass
    failed = [output.host for output in outputs if output.exit_code != 0]
    if failed:
        sys.exit(f"{len(failed)} failed: {failed[0]}")
