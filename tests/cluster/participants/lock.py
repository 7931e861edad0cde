"""Holds a lock of Python's etcd3, and tells on its standard output what it believes of it.

Arguments: host, port, the lock's name, its TTL in seconds.
Told, a line each: `uuid HEX`, `holds KEY`, `released`, `lost`.
Read, a line each: `release` (and end), `expire` (renew no more).
"""

import os
import sys
import threading

import etcd3


def tell(*words):
    print(*words, flush=True)


def renew(lock, ttl, stopped):
    while not stopped.wait(ttl / 4):
        if not any(answer.TTL > 0 for answer in lock.refresh()):
            tell("lost")
            return


def listen(lock, held, stopped):
    for line in sys.stdin:
        word = line.strip()
        if word == "expire":
            stopped.set()
        elif word == "release" and held.is_set():
            stopped.set()
            lock.release()
            lock.lease.revoke()
            tell("released")
            break
    os._exit(0)


def main():
    host, port, name, ttl = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    lock = etcd3.client(host=host, port=port, timeout=10).lock(name, ttl=ttl)
    held, stopped = threading.Event(), threading.Event()
    tell("uuid", lock.uuid.hex())
    threading.Thread(target=listen, args=(lock, held, stopped), daemon=True).start()
    # One attempt may miss a deletion between its transaction and its watch: it tries again.
    while not lock.acquire(timeout=1):
        pass
    held.set()
    tell("holds", lock.key)
    renew(lock, ttl, stopped)
    threading.Event().wait()


main()
