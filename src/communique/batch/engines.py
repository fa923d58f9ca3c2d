"""Where parts are worked on: in this process, in worker processes, on a Dask cluster."""

import multiprocessing
import os
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any, Callable, Iterator, Optional, Tuple, Type

from ..errors import InputError
from ..extras import require

STOP_SECONDS = 10.0

@dataclass
class Engine:
    """Takes tasks.

    submit (Callable[..., Future]): Takes a function and its arguments, all of which can be pickled.
    slots (Callable[[], int]): The number of tasks to give at a time.
    died (Tuple[Type[BaseException], ...]): What a task raises whose worker died.
    """

    submit: Callable[..., Future]
    slots: Callable[[], int]
    died: Tuple[Type[BaseException], ...] = ()


@contextmanager
def in_process() -> Iterator[Engine]:
    """Work in this process, on one task at a time, before `submit` returns."""

    def submit(function: Callable, *args: Any) -> Future:
        future: Future = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    yield Engine(submit, lambda: 1)


@contextmanager
def in_processes(workers: int) -> Iterator[Engine]:
    """Work in processes of this machine; one that dies is replaced, and only its own task fails.

    workers (int): Number of processes.
    """
    from pebble import ProcessExpired, ProcessPool

    one_thread_each()
    pool = ProcessPool(max_workers=workers, context=multiprocessing.get_context("spawn"))
    try:
        yield Engine(
            lambda function, *args: pool.schedule(function, args=args), lambda: 2 * workers, (ProcessExpired,)
        )
        pool.close()
        pool.join()
    except BaseException:
        pool.stop()
        # Its threads were seen to wait on after an interrupt, though its processes were gone: they are given some time.
        joining = Thread(target=pool.join, daemon=True)
        joining.start()
        joining.join(STOP_SECONDS)
        raise


@contextmanager
def on_dask(scheduler: Optional[str], workers: int) -> Iterator[Engine]:
    """Work on a Dask cluster whose workers see the folder of the run under the same path.

    scheduler (Optional[str]): Address of its scheduler; None starts a cluster on this machine.
    workers (int): Number of processes of the cluster on this machine.
    RAISES: InputError if Dask is not installed, or the scheduler does not answer.
    """
    require("dask", "distributed")
    import dask
    from distributed import Client, KilledWorker, LocalCluster

    cluster = None
    if scheduler is None:
        one_thread_each()
        dask.config.set(
            {
                # The run itself finds the document that kills its worker, and needs to hear of each death.
                "distributed.scheduler.allowed-failures": 0,
                # A worker that is long in coming back, on a busy machine, would else be given up.
                "distributed.deploy.lost-worker-timeout": "1h",
            }
        )
        cluster = LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
        )
    try:
        try:
            client = Client(cluster or scheduler, timeout=30)
        except (OSError, ValueError) as error:
            raise InputError(f"{scheduler}: no Dask scheduler answers there: {error}") from error
        with client:
            executor = client.get_executor(pure=False)
            try:
                # One task a worker: when a worker dies, Dask suspects all tasks that it was given.
                yield Engine(executor.submit, lambda: max(1, sum(client.nthreads().values())), (KilledWorker,))
            finally:
                executor.shutdown(wait=False)  # cancels what is still to do
    finally:
        if cluster is not None:
            cluster.close()


def one_thread_each() -> None:
    """Keep the processes started from now on from using more than one thread for sums: they would fight for the cores."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
