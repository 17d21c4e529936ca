"""What is made of the URL of a Redis: clients for threads and for an event loop, and what Celery is told."""

import asyncio
import ssl

import pytest
import redis
from kombu import Connection
from serving import free_port

from fastprocesses_server.jobs.connection import STORE_ERRORS, celery_options, celery_url, connect, connect_async

REPLICATED = "sentinel://me:p%3Bw@one:26380,two,[::1]:7/3?master=jobs&sentinel_password=s%26w"


@pytest.mark.parametrize(
    ("url", "its"),
    [
        ("redis://:pw@host:7/2", "redis://:pw@host:7/2"),
        ("redis://host?db=2", "redis://host/2"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
        ("rediss://host/1", "rediss://host/1?ssl_cert_reqs=required"),
        ("rediss://host/1?ssl_cert_reqs=none", "rediss://host/1?ssl_cert_reqs=none"),
        ("rediss://host?db=1&ssl_ca_certs=/ca.pem", "rediss://host/1?ssl_cert_reqs=required&ssl_ca_certs=%2Fca.pem"),
        (REPLICATED, ";".join(f"sentinel://me:p%3Bw@{host}/3" for host in ("one:26380", "two:26379", "[::1]:7"))),
    ],
)
def test_celery_is_led_to_the_same_redis(url: str, its: str) -> None:
    assert celery_url(url) == its


def test_celery_is_told_what_the_urls_of_sentinels_cannot_say() -> None:
    options = celery_options(REPLICATED)
    assert options["master_name"] == "jobs"
    assert "s&w" in options["sentinel_kwargs"].values()
    for limit in ("socket_timeout", "socket_connect_timeout"):
        assert options[limit]
        assert options["sentinel_kwargs"][limit]


def test_celery_reads_its_urls_as_they_are_meant() -> None:
    connection = Connection(celery_url(REPLICATED), transport_options=celery_options(REPLICATED))
    assert (connection.userid, connection.password, connection.virtual_host) == ("me", "p;w", "3")
    assert len(connection.alt) == 3
    assert "p;w" not in connection.as_uri()


def test_tls_is_for_the_primary_and_for_the_sentinels() -> None:
    url = "sentinel://one,two/0?master=jobs&ssl_ca_certs=/ca.pem&ssl_check_hostname=false"
    for client in (connect(url), connect_async(url)):
        pool = client.connection_pool
        kinds = [pool.connection_class, *(s.connection_pool.connection_class for s in pool.sentinel_manager.sentinels)]
        assert all("SSL" in kind.__name__ for kind in kinds)
        for known in (pool.connection_kwargs, pool.sentinel_manager.sentinels[1].connection_pool.connection_kwargs):
            assert (known["ssl_ca_certs"], known["ssl_check_hostname"]) == ("/ca.pem", False)
    with Connection(celery_url(url), transport_options=celery_options(url)) as connection:
        assert connection.ssl == {
            "ssl_ca_certs": "/ca.pem",
            "ssl_check_hostname": False,
            "ssl_cert_reqs": ssl.CERT_REQUIRED,
        }
        assert celery_options(url)["sentinel_kwargs"]["ssl"] is True


def test_clients_log_in_at_the_primary_and_at_the_sentinels_with_what_each_wants() -> None:
    for client in (connect(REPLICATED), connect_async(REPLICATED)):
        pool = client.connection_pool
        assert (pool.connection_kwargs["username"], pool.connection_kwargs["password"]) == ("me", "p;w")
        assert pool.connection_kwargs["db"] == 3
        sentinels = [sentinel.connection_pool.connection_kwargs for sentinel in pool.sentinel_manager.sentinels]
        assert [(sentinel["host"], sentinel["port"]) for sentinel in sentinels] == [
            ("one", 26380),
            ("two", 26379),
            ("::1", 7),
        ]
        assert {sentinel["password"] for sentinel in sentinels} == {"s&w"}


def test_sentinels_that_are_away_are_an_error_of_the_store_without_a_secret() -> None:
    url = f"sentinel://:hunter2@127.0.0.1:{free_port()}/0?master=jobs&sentinel_password=hunter3"

    async def ping() -> None:
        client = connect_async(url)
        try:
            await client.ping()
        finally:
            await client.aclose()

    with pytest.raises(STORE_ERRORS, match="No master found for 'jobs'") as of_threads, connect(url) as client:
        client.ping()
    with pytest.raises(STORE_ERRORS, match="No master found for 'jobs'") as of_a_loop:
        asyncio.run(ping())
    assert "hunter" not in f"{of_threads.value!r} {of_a_loop.value!r}"


def test_a_connection_that_is_closed_before_it_is_written_to_counts_as_one_that_is_away(redis_url: str) -> None:
    """As uvloop tells it, which raises no OSError then."""

    async def ask() -> tuple[bool, type[Exception]]:
        client = connect_async(redis_url, connections=1)
        closed = RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")
        answers: list[Exception | bool] = [closed]
        connection = await client.connection_pool.get_connection()

        async def do() -> bool:
            answer = answers.pop(0) if answers else True
            if isinstance(answer, Exception):
                raise answer
            return answer

        async def fail(_error: Exception, _count: int) -> None: ...

        once = await connection.retry.call_with_retry(do, fail, with_failure_count=True)
        answers += [closed, closed]
        with pytest.raises(STORE_ERRORS) as told:
            await connection.retry.call_with_retry(do, fail, with_failure_count=True)
        await client.connection_pool.release(connection)
        await client.aclose()
        return once, told.type

    assert asyncio.run(ask()) == (True, redis.ConnectionError)
