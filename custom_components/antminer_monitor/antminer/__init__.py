"""One Antminer on the LAN, read over the CGMiner API. Nothing here imports Home Assistant."""
