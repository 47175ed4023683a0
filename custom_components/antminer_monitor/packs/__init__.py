"""Extension packs: data that teaches new models and firmware dialects. No Home Assistant import."""
