"""Sets it up, without a question."""

from typing import Any

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult


class DemoAiFlow(ConfigFlow, domain="demo_ai"):
    """Asks nothing."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Create the entry."""
        return self.async_create_entry(title="Demo AI", data={})
