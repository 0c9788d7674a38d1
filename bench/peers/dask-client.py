"""A dask.distributed cluster of two single-threaded worker processes, and the same tasks as the other systems.

    dask-client.py LIBRARY tiny COUNT | latency COUNT | area COUNT POINTS | sha256 COUNT BYTES

Prints one line of JSON: seconds (or p50 and p99 in milliseconds), the sum of areas, and CPU seconds of all its processes.
"""
import ctypes
import hashlib
import json
import sys
import time

import psutil
from distributed import Client, LocalCluster

LIBRARY = sys.argv[1]


def library():
    """The native work, loaded once a process."""
    loaded = ctypes.CDLL(LIBRARY)
    loaded.area_of.restype = ctypes.c_uint64
    loaded.area_of.argtypes = [ctypes.c_uint64] * 3
    return loaded


def area(index, points):
    return library().area_of(index, index + 1, points)


def tiny(data):
    out = ctypes.create_string_buffer(1024)
    library().tiny_of(data, out)
    return out.raw


def sha256(data):
    return hashlib.sha256(data).digest()


def cpu_seconds():
    me = psutil.Process()
    times = [process.cpu_times() for process in [me, *me.children(recursive=True)]]
    return sum(t.user + t.system for t in times)


def latencies(client, count):
    times = []
    for i in range(count):
        begun = time.perf_counter()
        assert len(client.submit(tiny, bytes([i % 256]) * 64, pure=False).result()) == 1024
        times.append((time.perf_counter() - begun) * 1e3)
    times.sort()
    return {"p50": times[count // 2], "p99": times[count * 99 // 100]}


def many(client, what, count, argument):
    items = {
        "area": range(count),
        "tiny": [i.to_bytes(8, "little") * 8 for i in range(count)],
        "sha256": [i.to_bytes(8, "little") + bytes(argument - 8) for i in range(count)] if what == "sha256" else (),
    }[what]
    begun, cpu = time.perf_counter(), cpu_seconds()
    if what == "area":
        results = client.gather(client.map(area, items, points=argument, pure=False))
    else:
        results = client.gather(client.map(tiny if what == "tiny" else sha256, items, pure=False))
    assert len(results) == count
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "cpu": cpu_seconds() - cpu, "sum": sum(results) if what == "area" else 0}


def main():
    what, count = sys.argv[2], int(sys.argv[3])
    argument = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        with Client(cluster) as client:
            many(client, "tiny", 50, 0)
            result = latencies(client, count) if what == "latency" else many(client, what, count, argument)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
