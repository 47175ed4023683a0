"""Tests in a browser; they have a configuration of their own, see pytest.ini beside."""
