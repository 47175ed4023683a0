"""Several Home Assistants, one PostgreSQL and one Prometheus; they have a configuration of their own, see pytest.ini."""
