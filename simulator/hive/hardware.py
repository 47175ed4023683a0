"""What a worker is made of, as it is written."""

from ..identity import mac_address
from .catalogue import GpuKind
from .data import Data
from .figures import RED_ASR, RED_TEMP, bus_number
from .worker import LATEST, OLDER, SimulatedWorker


def address(worker: SimulatedWorker) -> str:
    """On its network."""
    return f"10.{worker.farm_id % 200}.{worker.id // 250 % 250}.{1 + worker.id % 250}"


def hardware(worker: SimulatedWorker) -> Data:
    """Everything about it that does not move."""
    kind, seed = worker.kind, worker.seed
    release = (LATEST if worker.upgraded else OLDER)[worker.platform]
    ip = address(worker)
    data: Data = {
        "ip_addresses": [ip],
        "remote_address": {"ip": "203.0.113.7"},
        "vpn": False,
        "needs_upgrade": not worker.upgraded,
        "lan_config": {"dhcp": True, "address": f"{ip}/16", "dns": "10.0.0.1"},
        "red_temp": RED_TEMP[worker.platform],
        "red_asr": RED_ASR,
        "red_fan": 100,
    }
    interfaces = [{"iface": "eth0", "mac": mac_address(seed, worker.id).lower()}]
    if isinstance(kind, GpuKind):
        nvidia = kind.brand == "nvidia"
        driver = {"nvidia_driver": "550.90.07"} if nvidia else {"amd_driver": "22.40.3"}
        return data | {
            "system_type": "linux",
            "migrated": True,
            "has_amd": not nvidia,
            "has_nvidia": nvidia,
            "versions": {
                "hive": release,
                "system_type": "linux",
                "kernel": "6.1.0-hiveos",
                **driver,
            },
            "hardware_info": {
                "motherboard": {
                    "manufacturer": "ASUSTeK COMPUTER INC.",
                    "model": "PRIME Z390-P",
                    "bios": "2820 06/16/2021",
                },
                "cpu": {
                    "id": f"C3060300{seed % 0xFFFF:04X}FBFF",
                    "model": "Intel(R) Celeron(R) G4900 CPU @ 3.10GHz",
                    "cores": 2,
                    "aes": True,
                },
                "disk": {"model": "ATA KINGSTON SA400S3 120.0GB"},
                "net_interfaces": interfaces,
            },
            "gpu_info": [
                _gpu_info(kind, index)
                for index in range(worker.cards - worker.units_lost)
            ],
        }
    return data | {
        "system_type": "asic",
        "fans_count": 4,
        "versions": {"hive": release, "system_type": "asic", "kernel": "4.6.0-xilinx"},
        "hardware_info": {"net_interfaces": interfaces},
        "asic_info": {
            "model": kind.model,
            "short_name": kind.short_name,
            "logic_version": "",
            "firmware": kind.firmware,
            "hiveon": kind.hiveon,
            "install_type": "nand",
            "control_board": kind.control_board,
        },
        **({"power_options": {"mode": worker.mode}} if kind.hiveon else {}),
    }


def _gpu_info(kind: GpuKind, index: int) -> Data:
    bus = bus_number(index)
    return {
        "bus_id": f"{bus:02x}:00.0",
        "bus_number": bus,
        "brand": kind.brand,
        "model": kind.model,
        "short_name": kind.short_name,
        "index": index,
        "details": {
            "mem": f"{kind.memory * 1024} MiB",
            "mem_gb": kind.memory,
            "mem_type": kind.memory_type,
        },
        "power_limit": {
            "min": f"{kind.watts // 2}.00 W",
            "def": f"{kind.watts * 2}.00 W",
            "max": f"{kind.watts * 2 + 20}.00 W",
        },
    }
