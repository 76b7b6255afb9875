"""An S3 server on loopback (moto, in this process), which may go and come back with all it holds."""

from __future__ import annotations

import time
from typing import Any

import pytest
from servers import ports


class Bucket:
    """A server with one bucket; what tests and daemons need to reach it stands in the environment."""

    name = "qforms-test"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        [self._port] = ports.free(1)
        self._server: Any = None
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        self.endpoint = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Bucket:
        self.start()
        self._client().create_bucket(Bucket=self.name)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()
        until = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < until, "moto does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def put(self, name: str, data: bytes) -> None:
        self._client().put_object(Bucket=self.name, Key=name, Body=data)

    def _answers(self) -> bool:
        from botocore.exceptions import BotoCoreError

        try:
            self._client().list_buckets()
        except BotoCoreError:
            return False
        return True

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        config = Config(connect_timeout=30, read_timeout=60, retries={"max_attempts": 1})
        return boto3.client("s3", endpoint_url=self.endpoint, config=config)
