"""A client of a store that is asked in lines, `SET key value` and `GET key`, as Redis can be: adapter.py WRITES READS, each
HOST:PORT. Each line that comes is a question, and each is answered by a line with its id."""
import json, socket, sys

connections = {}

def ask(address, line):
    try:
        if address not in connections:
            host, port = address.rsplit(":", 1)
            connections[address] = socket.create_connection((host, int(port)), timeout=0.9).makefile("rwb")
    except OSError as error:  # Nothing was sent, so nothing has happened.
        return {"refused": f"could not connect: {error}"}
    try:
        connections[address].write(line.encode() + b"\r\n")
        connections[address].flush()
        said = connections[address].readline().decode().strip()
        if said.startswith("$") and said != "$-1":
            return {"ok": [int(connections[address].readline())]}
        if said.startswith("-"):  # It says no before it does anything.
            return {"refused": said[1:]}
        if said:
            return {"ok": []}
        raise OSError("the connection is closed")
    except OSError as error:  # It was sent; whoever cannot tell what became of it says so.
        del connections[address]
        return {"unknown": str(error)}

print('{"ready":1}', flush=True)
for asked in map(json.loads, sys.stdin):
    if "write" in asked:
        answer = ask(sys.argv[1], f"SET {asked['write']} {asked['value']}")
    else:
        answer = ask(sys.argv[2], f"GET {asked['read']}")
    print(json.dumps({"id": asked["id"], **answer}), flush=True)
